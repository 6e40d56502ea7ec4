// Waiting for an answer, but not for ever.

/** What `work` makes; its signal aborts after so many milliseconds. */
export async function within<T>(
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  // AbortSignal.timeout() would be shorter, and is missing on phones of the kind found at doors.
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), milliseconds);
  try {
    return await work(patience.signal);
  } finally {
    clearTimeout(timer);
  }
}
