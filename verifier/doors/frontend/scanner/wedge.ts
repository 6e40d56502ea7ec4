// Read handheld scanners that work like keyboards: they type a code fast, then Enter.

// A busy phone delivers keys late, and a code without its first half would be refused. So only a long
// gap, as when a person stops typing, ends a burst.
const BURST_GAP_MS = 500;
const SHORTEST = 6;
// These scanners type as on a US keyboard. For each key: plain, then with Shift.
const KEYS: Record<string, string> = {
  ...Object.fromEntries([..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"].map((key) => [`Key${key}`, key + key])),
  ...Object.fromEntries([...")!@#$%^&*("].map((sign, digit) => [`Digit${digit}`, digit + sign])),
  ...Object.fromEntries([..."0123456789"].map((digit) => [`Numpad${digit}`, digit + digit])),
  Space: "  ",
  Minus: "-_",
  Equal: "=+",
  BracketLeft: "[{",
  BracketRight: "]}",
  Semicolon: ";:",
  Quote: "'\"",
  Comma: ",<",
  Period: ".>",
  Slash: "/?",
  NumpadAdd: "++",
  NumpadSubtract: "--",
  NumpadMultiply: "**",
  NumpadDivide: "//",
  NumpadDecimal: "..",
};

export function listenForHandheld(onText: (text: string) => void): void {
  let burst = "";
  let lastKey = -Infinity;
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
      if (event.timeStamp - lastKey > BURST_GAP_MS) burst = "";
      lastKey = event.timeStamp;
      const letter = letterOf(event);
      if (isEnter(event) && burst.length >= SHORTEST) {
        event.preventDefault();
        event.stopPropagation();
        onText(burst);
        burst = "";
      } else if (letter !== null) {
        burst += letter;
        // Codes contain spaces and slashes, which would scroll, press a button or open a search.
        if (burst.length > 1) event.preventDefault();
      }
    },
    { capture: true },
  );
}

/** The letter of a key. An input method may hide it; then the position of the key tells it. */
function letterOf({ key, code, shiftKey }: KeyboardEvent): string | null {
  if (key.length === 1) return key;
  if (key !== "Process" && key !== "Dead" && key !== "Unidentified") return null;
  return KEYS[code]?.charAt(shiftKey ? 1 : 0) ?? null;
}

function isEnter({ key, code }: KeyboardEvent): boolean {
  return key === "Enter" || (key === "Process" && (code === "Enter" || code === "NumpadEnter"));
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}
