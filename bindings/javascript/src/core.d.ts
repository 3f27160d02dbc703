// SPDX-License-Identifier: MIT
/// <reference lib="esnext.disposable" />

/** What is thrown: `code` is the name of a status, "CLOSED" for an object that was closed; `status` is its number. */
export declare class LibllmError extends Error {
  readonly code: string;
  readonly status: number;
}

/** An object of the library. One that nobody refers to closes itself. */
export declare class Handle {
  protected constructor();
  /** Whether close() was called. */
  readonly closed: boolean;
  /** Give the object up; again is fine. A call that is on its way is not disturbed. */
  close(): void;
  [Symbol.dispose](): void;
}
