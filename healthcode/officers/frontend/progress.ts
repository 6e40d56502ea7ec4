/** Update the progress of a recomputation on the page every second until it is finished. */

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
    // Write only changed numbers, because screen readers read out whatever is written.
    if (latest && latest.innerHTML !== shown.innerHTML) {
      shown.innerHTML = latest.innerHTML;
    }
    if (latest && "finished" in latest.dataset) {
      shown.dataset["finished"] = "";
      return;
    }
  } catch {
    // No network: keep the numbers on the page and try again.
  }
  setTimeout(() => void renew(), EVERY_MS);
}

setTimeout(() => void renew(), EVERY_MS);
