// Waits for an answer for a limited time.

/** Return the result of `work`, whose signal aborts after so many milliseconds. */
export async function within<T>(
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  // Many phones at doors do not have AbortSignal.timeout() yet.
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), milliseconds);
  try {
    return await work(patience.signal);
  } finally {
    clearTimeout(timer);
  }
}
