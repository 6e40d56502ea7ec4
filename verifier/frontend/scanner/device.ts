// What this browser keeps: that it is an enrolled device. Nothing about those it scanned.

import type { Device } from "./api.ts";

const KEY = "health-code-device";

export function loadDevice(): Device | null {
  const kept = localStorage.getItem(KEY);
  return kept === null ? null : (JSON.parse(kept) as Device);
}

export function saveDevice(device: Device): void {
  localStorage.setItem(KEY, JSON.stringify(device));
}

export function forgetDevice(): void {
  localStorage.removeItem(KEY);
}
