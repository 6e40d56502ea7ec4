// Handheld scanners that act as keyboards: a burst of keys, faster than any hand, then Enter.

const BURST_GAP_MS = 60;
const SHORTEST = 6;

export function listenForHandheld(onText: (text: string) => void): void {
  let burst = "";
  let lastKey = -Infinity;
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
      if (event.timeStamp - lastKey > BURST_GAP_MS) burst = "";
      lastKey = event.timeStamp;
      if (event.key === "Enter" && burst.length >= SHORTEST) {
        event.preventDefault();
        event.stopPropagation();
        onText(burst);
        burst = "";
      } else if (event.key.length === 1) {
        burst += event.key;
        // Codes hold spaces and slashes, which would scroll, press a button or open a search.
        if (burst.length > 1) event.preventDefault();
      }
    },
    { capture: true },
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}
