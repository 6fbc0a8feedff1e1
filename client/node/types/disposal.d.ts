/** For `await using`, where the program's libraries know Symbol.asyncDispose; else nothing. */
export type AsyncDisposal =
  SymbolConstructor extends { readonly asyncDispose: infer Key extends symbol }
    ? { [key in Key]: () => Promise<void> }
    : {};
