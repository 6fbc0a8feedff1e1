export const now = () => Number(process.hrtime.bigint()) * 1e-9;

export const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1e3));

export function percentile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
