/** NLMSG_ERROR and NLMSG_DONE with extended acknowledgement (include/uapi/linux/netlink.h). */
import { Attributes, afterFixedPart, align4, messageHeaderLength, readS32, readU16, readU32 } from "./wire.ts";

/** The request is not repeated in the answer. */
const flagCapped = 0x100;
/** Attributes follow. */
const flagAttributes = 0x200;
const attribute = { message: 1, offset: 2, missingType: 5 } as const;

export interface Acknowledgement {
  /** 0: done. Positive otherwise. */
  readonly errno: number;
  readonly detail?: string;
  /** Where in the request the attribute begins that the kernel blames, counted from the message header. */
  readonly offset?: number;
  /** Number of an attribute that should have been there. */
  readonly missingType?: number;
}

/** `code` (a negative errno or 0), then the request, then attributes. */
export function decodeError(data: Buffer, flags: number, from: number, end: number): Acknowledgement {
  const requestAt = afterFixedPart("error message", from, end, 4);
  afterFixedPart("error message", requestAt, end, messageHeaderLength);
  const repeated = (flags & flagCapped) !== 0 ? messageHeaderLength : align4(readU32(data, requestAt));
  return withAttributes(data, flags, from, requestAt + repeated, end);
}

/** The end of a dump: a negative errno when it was broken off, then attributes. */
export function decodeDone(data: Buffer, flags: number, from: number, end: number): Acknowledgement {
  if (end - from < 4) return { errno: 0 };
  return withAttributes(data, flags, from, from + 4, end);
}

function withAttributes(data: Buffer, flags: number, from: number, attributesAt: number, end: number): Acknowledgement {
  const code = readS32(data, from);
  const found: { errno: number; detail?: string; offset?: number; missingType?: number } = {
    // The most negative number has no positive twin in 32 bits; anything beyond MAX_ERRNO is none of the kernel's.
    errno: code < 0 && code >= -4095 ? -code : code === 0 ? 0 : 5,
  };
  if ((flags & flagAttributes) === 0) return found;
  for (const value = new Attributes(data, attributesAt, end); value.next(); ) {
    if (value.type === attribute.message) found.detail = value.text();
    else if (value.type === attribute.offset) found.offset = value.u32();
    else if (value.type === attribute.missingType) found.missingType = value.u32();
  }
  return found;
}

/** The number of the attribute that begins at `offset` of a request, undefined when none does. */
export function attributeAt(request: Buffer, offset: number): number | undefined {
  if (offset < messageHeaderLength || offset + 4 > request.length) return undefined;
  return readU16(request, offset + 2) & 0x3fff;
}
