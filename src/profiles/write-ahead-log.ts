/**
 * SQLite's write-ahead log (https://www.sqlite.org/fileformat.html, 4), laid over the database it belongs to. SQLite
 * does it only where it can write beside the file; a disk that is full or read-only still has the last settings in the
 * log.
 */

const headBytes = 32;
const frameHeadBytes = 24;
const magicOf = { littleEndian: 0x377f0682, bigEndian: 0x377f0683 } as const;

/**
 * The database with all transactions of the log that were committed; a log that is not whole counts up to its first
 * fault.
 */
export function withLog(database: Buffer, log: Buffer): Buffer {
  if (log.length < headBytes) return database;
  const magic = log.readUInt32BE(0);
  if (magic !== magicOf.littleEndian && magic !== magicOf.bigEndian) return database;
  const isBigEndian = magic === magicOf.bigEndian;
  const pageBytes = log.readUInt32BE(8);
  if (pageBytes < 512 || pageBytes > 65_536 || (pageBytes & (pageBytes - 1)) !== 0) return database;
  const sum = checksum(log.subarray(0, headBytes - 8), [0, 0], isBigEndian);
  if (!isSum(sum, log, headBytes - 8)) return database;
  return apply(database, committedFrames(log, pageBytes, sum, isBigEndian), pageBytes);
}

interface Committed {
  /** Page number -> its content, the newest. */
  readonly pages: ReadonlyMap<number, Buffer>;
  /** Pages of the database afterwards; 0: nothing was committed. */
  readonly pageCount: number;
}

function committedFrames(log: Buffer, pageBytes: number, headSum: Sum, isBigEndian: boolean): Committed {
  const pages = new Map<number, Buffer>();
  const pending = new Map<number, Buffer>();
  let pageCount = 0;
  let sum = headSum;
  const frameBytes = frameHeadBytes + pageBytes;
  for (let at = headBytes; at + frameBytes <= log.length; at += frameBytes) {
    const content = log.subarray(at + frameHeadBytes, at + frameBytes);
    // The salt of an older round of the log: the frames after it were overwritten before.
    if (!log.subarray(at + 8, at + 16).equals(log.subarray(16, 24))) break;
    sum = checksum(content, checksum(log.subarray(at, at + 8), sum, isBigEndian), isBigEndian);
    if (!isSum(sum, log, at + 16)) break;
    pending.set(log.readUInt32BE(at), content);
    const pagesAfterCommit = log.readUInt32BE(at + 4);
    if (pagesAfterCommit === 0) continue;
    pageCount = pagesAfterCommit;
    for (const [number, page] of pending) pages.set(number, page);
    pending.clear();
  }
  return { pages, pageCount };
}

function apply(database: Buffer, { pages, pageCount }: Committed, pageBytes: number): Buffer {
  // A page more than the two files have together cannot have been written.
  if (pageCount === 0 || pageCount > pages.size + Math.ceil(database.length / pageBytes)) return database;
  const image = Buffer.alloc(pageCount * pageBytes);
  database.copy(image);
  for (const [number, page] of pages)
    if (number >= 1 && number <= pageCount) page.copy(image, (number - 1) * pageBytes);
  return image;
}

type Sum = readonly [number, number];

function checksum(data: Buffer, [first, second]: Sum, isBigEndian: boolean): Sum {
  let a = first;
  let b = second;
  for (let at = 0; at < data.length; at += 8) {
    a = (a + (isBigEndian ? data.readUInt32BE(at) : data.readUInt32LE(at)) + b) >>> 0;
    b = (b + (isBigEndian ? data.readUInt32BE(at + 4) : data.readUInt32LE(at + 4)) + a) >>> 0;
  }
  return [a, b];
}
/** The sums themselves are always big-endian. */
const isSum = ([a, b]: Sum, log: Buffer, at: number): boolean =>
  log.readUInt32BE(at) === a && log.readUInt32BE(at + 4) === b;
