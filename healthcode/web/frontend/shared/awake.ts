// Keeps the screen on while the page is looked at: a code or a scanner that goes dark is none.

let wanted = false;

export function keepAwake(): void {
  if (wanted || navigator.wakeLock === undefined) return;
  wanted = true;
  void request();
  // The lock is lost whenever the page is out of sight.
  document.addEventListener("visibilitychange", () => void request());
}

async function request(): Promise<void> {
  if (document.hidden) return;
  try {
    await navigator.wakeLock.request("screen");
  } catch (error) {
    // A phone low on battery refuses; all else goes on without.
    if (!(error instanceof DOMException)) throw error;
  }
}
