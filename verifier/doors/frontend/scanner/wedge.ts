// Handheld scanners that act as keyboards: a burst of keys, then Enter.

// A busy phone hands keys on late, and a code that lost its first half would be refused: so the gap
// is one that only a person leaves who has stopped typing.
const BURST_GAP_MS = 500;
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
