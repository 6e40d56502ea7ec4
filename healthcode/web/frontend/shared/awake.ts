// Keeps the screen on while the page is visible, because nobody can use a dark code or scanner.

let wanted = false;

export function keepAwake(): void {
  if (wanted || navigator.wakeLock === undefined) return;
  wanted = true;
  void request();
  // The browser releases the lock whenever the page is hidden.
  document.addEventListener("visibilitychange", () => void request());
}

async function request(): Promise<void> {
  if (document.hidden) return;
  try {
    await navigator.wakeLock.request("screen");
  } catch (error) {
    // A phone with a low battery refuses the lock. The page works without it.
    if (!(error instanceof DOMException)) throw error;
  }
}
