// Handheld scanners that act as keyboards: a burst of keys, then Enter.

// A busy phone hands keys on late, and a code that lost its first half would be refused: so the gap
// is one that only a person leaves who has stopped typing.
const BURST_GAP_MS = 500;
const SHORTEST = 6;
// What such scanners type by: the keyboard of the United States, plain and with Shift.
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
        // Codes hold spaces and slashes, which would scroll, press a button or open a search.
        if (burst.length > 1) event.preventDefault();
      }
    },
    { capture: true },
  );
}

/** What the key stands for; by its place where an input method keeps what it makes of it. */
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
