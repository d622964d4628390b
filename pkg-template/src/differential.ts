// What different readers of tar make of one layer. Measured with the readers named, on the tars of the conformance tests.
import type { ImageFinding, VerifyReport } from './wasm/layerwright.js';

/** A reader of tar: its name, and who uses it. */
export const TAR_READERS = {
  go: 'containerd, Docker, podman, crane, umoci (Go archive/tar)',
  gnu: 'GNU tar 1.34',
  python: 'Python tarfile 3.11',
  nodeTar: 'node-tar 7 (npm)',
  tarStream: 'tar-stream 3 (JavaScript)',
  libarchive: 'bsdtar 3.6 (libarchive)',
  others: 'other readers',
} as const;

/** One reader of tar. */
export type TarReaderName = keyof typeof TAR_READERS;

/** A place where readers of tar part. */
export interface TarDifference {
  /** The code of the finding. */
  code: string;
  /** What is there. */
  what: string;
  /** The layer: its digest or, in a Docker archive, its file. */
  layer?: string;
  /** The entries it was found at, the first ones. */
  entries: string[];
  /** How often it is there. */
  count: number;
  /** It changes which files there are, or what they are called or hold; else only their owners or looks. */
  changesFiles: boolean;
  /** What each reader sees. Those that are not named see what `go` sees. */
  readers: Partial<Record<TarReaderName, string>>;
}

type Known = Pick<TarDifference, 'what' | 'changesFiles' | 'readers'>;

const KNOWN: Record<string, Known> = {
  TAR_PAX_SIZE_DIFFERS: {
    what: 'an extended header gives another size than the header',
    changesFiles: true,
    readers: { go: 'the size of the extended header', others: 'tar (Rust) up to 0.4.44, tokio-tar and nanotar take the other size: they list what stands in the content as files, or skip files' },
  },
  TAR_SIZE_WITHOUT_BODY: {
    what: 'a link, directory, device or pipe with a size',
    changesFiles: true,
    readers: { go: 'no content: what follows is the next file', nodeTar: 'content behind links, devices and pipes: the files in it are not seen', tarStream: 'content behind links, devices and pipes; at a directory it hangs', gnu: 'content behind devices and pipes: the files in it are not seen', others: 'tar (Rust) and nanotar skip the content: the files in it are not seen' },
  },
  TAR_TWO_PAX_HEADERS: {
    what: 'two extended headers in a row',
    changesFiles: true,
    readers: { go: 'the last one alone', python: 'both, the first one before the second', nodeTar: 'both, the second one before the first', libarchive: 'an error', others: 'tar (Rust) stops with an error' },
  },
  TAR_DUPLICATE_PAX_RECORD: {
    what: 'a record stands twice in an extended header',
    changesFiles: true,
    readers: { go: 'the last one', others: 'tar (Rust) takes the first one' },
  },
  TAR_PAX_AND_GNU_NAME: {
    what: 'a long name in both of the ways there are',
    changesFiles: true,
    readers: { go: "GNU's long name", gnu: 'the name of the extended header', python: 'the one that stands first', nodeTar: 'the name of the extended header', tarStream: 'the name of the extended header' },
  },
  TAR_PAX_BEFORE_LONG_NAME: {
    what: 'an extended header stands before a long name',
    changesFiles: true,
    readers: { go: 'the header is for the file behind', others: 'node-tar up to 7.5.15, tar (Rust) up to 0.4.45 and modern-tar take its size for that of the long name: they list other files from here on' },
  },
  TAR_TWO_LONG_NAMES: {
    what: 'two long names in a row',
    changesFiles: true,
    readers: { go: 'the last one', python: 'the first one' },
  },
  TAR_GLOBAL_HEADER_BETWEEN: {
    what: 'a global header stands between an extended header or long name and its file',
    changesFiles: true,
    readers: { go: 'the extended header or long name is lost: the file has the short name', gnu: 'the long name', python: 'the long name', nodeTar: 'the long name', tarStream: 'the long name' },
  },
  TAR_PREFIX_IN_GNU_HEADER: {
    what: "bytes of a prefix in a header of GNU's kind, where times stand",
    changesFiles: true,
    readers: { go: 'a path with the prefix', python: 'a path with the prefix', gnu: 'the name alone', nodeTar: 'the name alone', tarStream: 'the name alone' },
  },
  TAR_PREFIX_WITHOUT_MAGIC: {
    what: 'bytes of a prefix in a header without a magic',
    changesFiles: true,
    readers: { go: 'the name alone', python: 'a path with the prefix', tarStream: 'an error' },
  },
  TAR_UNKNOWN_TYPE: {
    what: 'a type of entry that is none of POSIX',
    changesFiles: true,
    readers: { go: 'an entry with a body, which containerd and Docker refuse or leave out', gnu: 'a file, or a name of an archive of many volumes', python: 'a file', tarStream: 'a file', nodeTar: 'nothing: it is left out' },
  },
  TAR_FILE_NAMED_AS_DIRECTORY: {
    what: 'a file whose name ends in a slash',
    changesFiles: true,
    readers: { go: 'a directory; its content is skipped', python: 'a directory', gnu: 'a directory', nodeTar: 'a directory without content: the files in the content are seen; an error where the name is in an extended header' },
  },
  TAR_ODD_PAX_LENGTH: {
    what: 'the length of a record is written with leading zeros or a sign',
    changesFiles: true,
    readers: { go: 'the record', nodeTar: 'no record: the file has its other name', others: 'tar (Rust) stops with an error' },
  },
  TAR_ID_OUT_OF_RANGE: {
    what: 'an owner or group below 0 or above 2³¹−1',
    changesFiles: false,
    readers: { go: 'the number as written: a program with 32 bits takes it for another user, even for root', gnu: 'an error above 2³²−1 and below 0' },
  },
  TAR_SIGNED_CHECKSUM: {
    what: 'a checksum of signed bytes, as very old programs wrote it',
    changesFiles: true,
    readers: { go: 'the entry', nodeTar: 'an error', tarStream: 'an error' },
  },
  TAR_SPARSE: {
    what: 'a file with holes',
    changesFiles: true,
    readers: { go: 'the file, its holes filled with zeros', nodeTar: 'a file GNUSparseFile.0/… with a map in its content, or an error', tarStream: 'a file GNUSparseFile.0/… with a map in its content, or an error' },
  },
  TAR_XATTR_DISAGREES: {
    what: 'one attribute in two spellings, with two values',
    changesFiles: false,
    readers: { go: 'both records; runtimes take that of SCHILY.xattr', libarchive: 'that of LIBARCHIVE.xattr', gnu: 'that of SCHILY.xattr', python: 'no attributes', nodeTar: 'no attributes' },
  },
  TAR_TRAILING_DATA: {
    what: 'something follows the end of the tar',
    changesFiles: true,
    readers: { go: 'nothing of it', tarStream: 'the files in it, or an error', others: 'GNU tar with --ignore-zeros lists the files in it' },
  },
  TAR_ONE_ZERO_BLOCK: {
    what: 'one block of zeros at the end, where two are due',
    changesFiles: false,
    readers: { go: 'the end', gnu: 'the end, with a warning' },
  },
  TAR_DANGLING_HEADER: {
    what: 'an extended header or long name at the end, for a file that is not there',
    changesFiles: false,
    readers: { go: 'the end', python: 'an error' },
  },
  TAR_GLOBAL_HEADER_OVERRIDES: {
    what: 'a global header that would change the names, sizes or owners of all that follows',
    changesFiles: true,
    readers: { go: 'the header is ignored', python: 'it holds for every file: they have its name and size', gnu: 'it holds for every file', nodeTar: 'its size holds for every file', tarStream: 'it is ignored' },
  },
};

/**
 * Where readers of tar see something else in the layers of an image than container runtimes do, by a verification of it.
 * Empty where all readers agree.
 */
export function tarDifferences(report: Pick<VerifyReport, 'findings'>): TarDifference[] {
  const found = new Map<string, TarDifference & { told: number }>();
  for (const finding of report.findings) {
    const known = Object.hasOwn(KNOWN, finding.code) ? KNOWN[finding.code] : undefined;
    if (!known) continue;
    const key = `${finding.layer ?? ''}\n${finding.code}`;
    let difference = found.get(key);
    if (!difference) {
      difference = { code: finding.code, ...known, ...(finding.layer === undefined ? {} : { layer: finding.layer }), entries: [], count: 0, told: 0 };
      found.set(key, difference);
    }
    if (finding.entry !== undefined) difference.entries.push(finding.entry);
    difference.told++;
    difference.count = Math.max(difference.count, difference.told, finding.count ?? 0);
  }
  return [...found.values()].map(({ told: _, ...difference }) => difference);
}

/** Levels of a verification: `lenient` passes what is odd, `strict` does not. */
export type VerifyLevel = 'lenient' | 'strict';

/** Whether an image passes. */
export const passes = (report: Pick<VerifyReport, 'verdict'>, level: VerifyLevel = 'lenient'): boolean => report.verdict === 'ok' || (report.verdict === 'flag' && level === 'lenient');

const LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const;

/** The findings as SARIF 2.1.0, for code scanning. `file` is what was verified. */
export function sarifOf(findings: readonly ImageFinding[], file: string, version: string): object {
  const codes = [...new Set(findings.map((f) => f.code))].sort();
  const rules = codes.map((id) => {
    const clause = findings.find((f) => f.code === id)?.clause;
    return { id, shortDescription: { text: id.toLowerCase().replaceAll('_', ' ') }, ...(clause ? { help: { text: clause } } : {}) };
  });
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'layerwright', semanticVersion: version, rules } },
        results: findings.map((f) => {
          const inside = [f.document, f.path, f.layer, f.entry].filter((part) => part !== undefined).join(' ');
          return {
            ruleId: f.code,
            ruleIndex: codes.indexOf(f.code),
            level: LEVELS[f.severity],
            message: { text: f.clause ? `${f.message} (${f.clause})` : f.message },
            locations: [{ physicalLocation: { artifactLocation: { uri: file.split('/').map(encodeURIComponent).join('/') }, region: { startLine: 1 } }, ...(inside ? { logicalLocations: [{ fullyQualifiedName: inside }] } : {}) }],
            ...(f.count === undefined ? {} : { occurrenceCount: f.count }),
            properties: { document: f.document, path: f.path, layer: f.layer, entry: f.entry, offset: f.offset, clause: f.clause },
          };
        }),
      },
    ],
  };
}
