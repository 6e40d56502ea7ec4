// Sound and vibration, different for each outcome, for staff who are not looking at the screen.

import type { Outcome } from "./api.ts";

type Alert = Outcome | "none";

interface Tone {
  hertz: number;
  seconds: number;
  wave: OscillatorType;
}

const GAP_SECONDS = 0.07;
// Pass rises, caution repeats one tone, refuse is long and low, and a failure stutters.
const TONES: Record<Alert, Tone[]> = {
  pass: [
    { hertz: 880, seconds: 0.09, wave: "sine" },
    { hertz: 1320, seconds: 0.14, wave: "sine" },
  ],
  caution: [
    { hertz: 620, seconds: 0.16, wave: "triangle" },
    { hertz: 620, seconds: 0.16, wave: "triangle" },
    { hertz: 620, seconds: 0.16, wave: "triangle" },
  ],
  refuse: [{ hertz: 165, seconds: 0.8, wave: "sawtooth" }],
  none: [
    { hertz: 330, seconds: 0.08, wave: "square" },
    { hertz: 247, seconds: 0.08, wave: "square" },
    { hertz: 330, seconds: 0.08, wave: "square" },
    { hertz: 247, seconds: 0.08, wave: "square" },
  ],
};
const VIBRATIONS: Record<Alert, number[]> = {
  pass: [70],
  caution: [120, 90, 120],
  refuse: [600],
  none: [60, 60, 60, 60, 60],
};

let audio: AudioContext | null = null;

/** Allow sound. Call this from a touch or key, because browsers keep a page silent until one. */
export async function unlockSound(): Promise<void> {
  audio ??= new AudioContext();
  if (audio.state === "suspended") await audio.resume();
}

export function alertStaff(alert: Alert): void {
  navigator.vibrate?.(VIBRATIONS[alert]);
  if (audio === null) return;
  let at = audio.currentTime;
  for (const tone of TONES[alert]) {
    play(audio, tone, at);
    at += tone.seconds + GAP_SECONDS;
  }
}

function play(context: AudioContext, tone: Tone, at: number): void {
  const oscillator = context.createOscillator();
  const volume = context.createGain();
  oscillator.type = tone.wave;
  oscillator.frequency.value = tone.hertz;
  // A short fade at the end keeps the loudspeaker from clicking.
  volume.gain.setValueAtTime(0.35, at + tone.seconds - 0.02);
  volume.gain.linearRampToValueAtTime(0, at + tone.seconds);
  oscillator.connect(volume).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + tone.seconds);
}
