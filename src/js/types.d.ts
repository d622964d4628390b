/** A text: a string, or its bytes where they may not be UTF-8. */
export type Text = string | Uint8Array;

/** An image configuration, in the fields of the OCI specification with Docker's additions. */
export interface ImageConfiguration {
  created?: string;
  author?: string;
  architecture: string;
  variant?: string;
  os: string;
  "os.version"?: string;
  config: ContainerConfiguration;
  rootfs: { type: string; diff_ids: string[] };
  history?: ImageHistory[];
}

/** An image configuration as a caller has it: the result of a plan, or `image.config` of an open image. */
export type GivenConfiguration = ImageConfiguration | { architecture?: string; os?: string; config?: object; [field: string]: unknown };

/** An entry of an image's history. */
export interface ImageHistory {
  created?: string;
  created_by?: string;
  author?: string;
  comment?: string;
  empty_layer?: boolean;
}

/** What a container of an image runs. */
export interface ContainerConfiguration {
  User?: string;
  ExposedPorts?: Record<string, Record<string, never>>;
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  Volumes?: Record<string, Record<string, never>>;
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
  ArgsEscaped?: boolean;
  Healthcheck?: { Test?: string[]; Interval?: number; Timeout?: number; StartPeriod?: number; StartInterval?: number; Retries?: number };
  OnBuild?: string[];
  Shell?: string[];
}

/** A replacement of text, in UTF-16 offsets. */
export type TextEdit = FindingEdit;
