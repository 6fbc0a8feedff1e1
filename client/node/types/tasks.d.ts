// The payloads that addJob and handlers know, by task.
declare global {
  namespace Leasehold {
    // Payloads by task. Extend it, and addJob and handlers know them:
    //
    //   declare global {
    //     namespace Leasehold {
    //       interface Tasks {
    //         hello: { name: string };
    //       }
    //     }
    //   }
    interface Tasks {}
  }
}

export type TaskName = keyof Leasehold.Tasks | (string & {});
export type PayloadOf<TName> = TName extends keyof Leasehold.Tasks
  ? Leasehold.Tasks[TName]
  : unknown;

export type PromiseOrDirect<T> = Promise<T> | T;
