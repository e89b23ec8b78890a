/** @param {number[]} sizes @param {number} asked @param {number} seconds */
export function total(sizes, asked, seconds) {
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const files = sizes.length === asked ? `${asked} files` : `${sizes.length} of ${asked} files`;
  return `total  ${files}  ${about(bytes)}  ${seconds.toFixed(1)} s  ${about(bytes / seconds)}/s`;
}

/** @param {number} bytes @returns {string} in kB, MB and GB, powers of 1,000 */
function about(bytes) {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 4);
  return power === 0
    ? count(Math.round(bytes))
    : `${(bytes / 1000 ** power).toFixed(1)} ${["", "kB", "MB", "GB", "TB"][power]}`;
}

/** @param {number} bytes */
export const count = (bytes) => (bytes === 1 ? "1 byte" : `${bytes.toLocaleString("en-US")} bytes`);
