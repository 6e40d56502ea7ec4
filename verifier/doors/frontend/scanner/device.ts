// The device that this browser is enrolled as. It is stored in IndexedDB and not in localStorage,
// because the service worker must read it, and because a finished write is on the disk.

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

/** Ignore a missing disk, as in a private window: the device then lasts until the page is closed. */
async function orUnkept<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return undefined;
  }
}
