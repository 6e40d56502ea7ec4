// Keeps the screen on while the page is looked at, where the browser can.

export function stayAwake(): void {
  if (!("wakeLock" in navigator)) return;
  const ask = async () => {
    if (document.visibilityState !== "visible") return;
    // Refused on a low battery: then the screen goes dark when it likes, and nothing is lost.
    await navigator.wakeLock.request("screen").catch(() => undefined);
  };
  document.addEventListener("visibilitychange", ask);
  void ask();
}
