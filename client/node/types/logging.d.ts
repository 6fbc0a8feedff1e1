// Where lines go.

export type LogLevel = 'error' | 'warning' | 'info' | 'debug';

export interface LogMeta {
  [key: string]: unknown;
}

export interface LogScope {
  label?: string;
  taskIdentifier?: string;
  jobId?: string;
  attempt?: number;
}

export type LogFunction = (level: LogLevel, message: string, meta: LogMeta) => void;
export type LogFunctionFactory = (scope: LogScope) => LogFunction;

/** Writes the lines of a scope with the function that the factory made for it. */
export class Logger {
  constructor(logFactory: LogFunctionFactory, scope?: LogScope);
  scope(additionalScope: LogScope): Logger;
  error(message: string, meta?: LogMeta): void;
  warn(message: string, meta?: LogMeta): void;
  info(message: string, meta?: LogMeta): void;
  debug(message: string, meta?: LogMeta): void;
}

/** Lines on standard error; those of level debug only where LEASEHOLD_DEBUG is set. */
export const consoleLogFactory: LogFunctionFactory;
