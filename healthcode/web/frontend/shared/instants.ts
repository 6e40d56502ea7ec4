// Writes instants for people, in the same form as `write_instant` of `healthcode.web.days`.

const PARTS = new Intl.DateTimeFormat("en-GB", {
  year: "numeric",
  month: "numeric",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  timeZone: "Asia/Shanghai",
});
const MONTH = new Intl.DateTimeFormat("en-GB", { month: "long", timeZone: "Asia/Shanghai" });

/** "2020年2月24日08:30" or "24 February 2020, 08:30", of milliseconds since 1970. */
export function writeInstant(at: number, language: string): string {
  const found = new Map(PARTS.formatToParts(at).map(({ type, value }) => [type, value]));
  const number = (type: Intl.DateTimeFormatPartTypes) => String(Number(found.get(type)));
  const [year, month, day] = [number("year"), number("month"), number("day")];
  const clock = `${found.get("hour")}:${found.get("minute")}`;
  if (language.startsWith("zh")) return `${year}年${month}月${day}日${clock}`;
  return `${day} ${MONTH.format(at)} ${year}, ${clock}`;
}
