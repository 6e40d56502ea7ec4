// Check that 32 bytes are an Ed25519 key that proves something, as healthcode/core/ed25519.py does.

import type { Bytes } from "./bytes.ts";

const P = 2n ** 255n - 19n;
const D = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n;

/** Return whether this is the only encoding of a curve point whose order is not small. */
export function isKey(data: Bytes): boolean {
  const y = BigInt.asUintN(255, data.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n));
  const square = (y * y) % P;
  // The eight points of small order: y is 0, 1 or -1, or this polynomial is 0.
  const ofOrder8 = (D * square * square + 2n * square - 1n) % P === 0n;
  if (y >= P || y === 0n || square === 1n || ofOrder8) return false;
  // x squared is a quotient of these two. It has a root if their product has one (Euler's
  // criterion).
  return power(((square - 1n) * (D * square + 1n)) % P, P / 2n) === 1n;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let [square, left] = [base, exponent]; left > 0n; left >>= 1n, square = (square * square) % P) {
    if (left % 2n === 1n) result = (result * square) % P;
  }
  return result;
}
