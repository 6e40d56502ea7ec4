/** Renews the progress of a recomputation until it is finished. */

const EVERY_MS = 1000;

async function renew(): Promise<void> {
  const shown = document.getElementById("progress");
  if (!shown || "finished" in shown.dataset) {
    return;
  }
  try {
    const response = await fetch(location.href, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const latest = page.getElementById("progress");
    // Unchanged numbers are not written again, or screen readers would read them again.
    if (latest && latest.innerHTML !== shown.innerHTML) {
      shown.innerHTML = latest.innerHTML;
    }
    if (latest && "finished" in latest.dataset) {
      shown.dataset["finished"] = "";
      return;
    }
  } catch {
    // The network will be back; the numbers on the page stay as they were.
  }
  setTimeout(() => void renew(), EVERY_MS);
}

setTimeout(() => void renew(), EVERY_MS);
