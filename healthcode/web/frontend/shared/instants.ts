// Instants as people read them: the day and the minute in Shanghai, as `healthcode.web.days` says them.

const PARTS = new Intl.DateTimeFormat("en-GB", {
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  timeZone: "Asia/Shanghai",
});

/** "2020-02-18 07:30", of milliseconds since 1970. */
export function instant(at: number): string {
  const found = new Map(PARTS.formatToParts(at).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes) => found.get(type) ?? "";
  return `${part("year")}-${part("month")}-${part("day")} ${part("hour")}:${part("minute")}`;
}
