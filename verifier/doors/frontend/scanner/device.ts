// Which device this browser is. Kept where the service worker can read it, and on the disk before the
// page says so: localStorage is neither.

import type { Device } from "./api.ts";
import { store } from "./store.ts";

const KEY = "device";

export async function loadDevice(): Promise<Device | null> {
  return (await orUnkept(store.read<Device>("kept", KEY))) ?? null;
}

export async function saveDevice(device: Device): Promise<void> {
  await orUnkept(store.write("kept", KEY, device));
}

export async function forgetDevice(): Promise<void> {
  await orUnkept(store.remove("kept", [KEY]));
}

/** In a window that has no disk the device is one until the page is closed. */
async function orUnkept<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return undefined;
  }
}
