/** The part of Node-RED's editor that our dialogs use, typed as it is in 4.1 and 5. */
/// <reference types="jquery" />

interface EditorNodeDefinition {
  /** Set by the editor. */
  readonly type?: string;
  category: string;
  defaults: Record<
    string,
    {
      value: unknown;
      type?: string;
      required?: boolean;
      validate?: (this: EditorNode, value: unknown, options: unknown) => true | string;
    }
  >;
  credentials?: Record<string, { type: 'text' | 'password' }>;
  color?: string;
  icon?: string;
  align?: 'left' | 'right';
  inputs?: 0 | 1;
  outputs?: number;
  paletteLabel?: string | ((this: EditorNode) => string);
  /** The node stands in the palette. */
  onpaletteadd?: (this: EditorNodeDefinition) => void;
  /** A node of the type was made, and is not in the flow yet; or was imported, and is. */
  onadd?: (this: EditorNode) => void;
  label: (this: EditorNode) => string;
  labelStyle?: (this: EditorNode) => string;
  inputLabels?: (this: EditorNode) => string;
  outputLabels?: (this: EditorNode, index: number) => string;
  oneditprepare?: (this: EditorNode) => void;
  oneditsave?: (this: EditorNode) => void;
  oneditcancel?: (this: EditorNode) => void;
}

/** A node under edit: its properties are those of `defaults`. */
interface EditorNode {
  readonly id: string;
  _: (key: string, values?: Record<string, string | number>) => string;
  // The properties of a node come from saved flows; each dialog knows its own.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  [property: string]: any;
}

interface TypedInputType {
  value: string;
  label?: string;
  icon?: string;
  hasValue?: boolean;
  options?: readonly (string | { value: string; label: string })[];
}

interface EditorHistoryEvent {
  readonly t?: string;
  /** Ids, where `t` is "add". */
  readonly nodes?: string[];
  readonly events?: readonly EditorHistoryEvent[];
}

interface JQuery {
  typedInput(settings: {
    default?: string;
    typeField?: string;
    types: readonly (string | TypedInputType)[];
  }): JQuery;
  typedInput(method: 'value' | 'type'): string;
  typedInput(method: 'value' | 'type', value: string): void;
  typedInput(method: 'types', types: readonly (string | TypedInputType)[]): void;
}

declare const RED: {
  _: (key: string, values?: Record<string, string | number>) => string;
  nodes: {
    registerType(type: string, definition: EditorNodeDefinition): void;
    /** The node of an id; null where there is none. */
    node(id: unknown): unknown;
    id(): string;
    add(node: object): EditorNode;
    getType(type: string): EditorNodeDefinition | undefined;
    /** The subflow of an id, where it is one. */
    subflow(id: unknown): unknown;
    eachConfig(visit: (node: EditorNode) => void): void;
  };
  history: {
    /** What would be taken back next. */
    peek(): EditorHistoryEvent | undefined;
  };
  actions: {
    invoke(action: 'core:restart-flows'): void;
    add(action: string, handler: () => void): void;
  };
  sidebar: {
    addTab(tab: {
      id: string;
      label: string;
      name: string;
      content: JQuery;
      closeable?: boolean;
      enableOnEdit?: boolean;
      iconClass?: string;
      action?: string;
    }): void;
    show(id: string): void;
  };
  view: {
    /** Shows the flow that a node is in, and the node. */
    reveal(id: string): void;
  };
  events: {
    on(event: 'nodes:add', listener: (node: EditorNode) => void): void;
  };
  settings: {
    readonly deeptoneFileExamples: readonly string[];
    readonly deeptoneEngineForms?: DeeptoneForms;
  };
};

type DeeptoneForms = import('../nodes/shared/forms').Forms;
type DeeptoneLimits = import('../src/rules').NumberLimits;
type DeeptoneMigration = import('../nodes/shared/migrate').MigrationStep;

interface DeeptoneOfferedModel {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly classes?: readonly string[];
  readonly receptiveFieldMs?: number;
  readonly pooling?: { readonly seconds: number };
  readonly trainingData?: 'open' | 'non-commercial' | 'user';
}

/** See resources/deeptone-editor.js. */
interface DeeptoneEditorApi {
  forms(): DeeptoneForms;
  text(key: string, values?: Record<string, string | number>): string;
  textOr(key: string, fallback: string): string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the body of an answer, read field by field
  ask(engineId: unknown, what: 'models' | 'license' | 'runtime'): JQuery.jqXHR<any>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  tryOut(engineId: unknown): JQuery.jqXHR<any>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  start(engineId: unknown, what: 'runtime' | 'test'): JQuery.jqXHR<any>;
  begin(node: EditorNode): void;
  findable(type: string): void;
  offerNative(
    place: JQuery,
    runtime: { remark?: string; installLine?: string },
    text: (key: string, values?: Record<string, string | number>) => string,
  ): void;
  problem(response: JQuery.jqXHR): string;
  lines(value: unknown): string[];
  pemBlocks(value: unknown): string[];
  outputLabel(node: EditorNode, index: number): string;
  encodings(select: JQuery, chosen: unknown): void;
  isEmpty(value: unknown): boolean;
  /** Whether the runtime puts a variable in its place. */
  isReplaced(value: unknown): boolean;
  readonly valid: {
    models(value: unknown): true | string;
    number(node: EditorNode, field: string, value: unknown): true | string;
    segmentModel(node: EditorNode, value: unknown): true | string;
  };
}

/** The rows of one dialog as HTML; see resources/deeptone-form.js. Icons are names of Font Awesome 4. */
interface DeeptoneFormRows {
  /** Makes these rows the dialog. */
  write(rows: readonly string[]): void;
  name(): string;
  configNode(field: string, icon: string): string;
  /** `typed`: with a hidden field for the type of a typed input. */
  text(
    field: string,
    icon: string,
    how?: { typed?: boolean; kind?: 'text' | 'password'; list?: string },
  ): string;
  /** Saved, and not shown. */
  hidden(field: string): string;
  lines(field: string, icon: string): string;
  /** Places for what the engine says, by name and icon. */
  facts(icons: Record<string, string>): string;
  number(
    field: string,
    icon: string,
    unit?:
      | 'volume'
      | 'dbfs'
      | 'ms'
      | 'seconds'
      | 'days'
      | 'hours'
      | 'megabytes'
      | 'millionValues'
      | 'hz'
      | 'messages',
  ): string;
  select(field: string, icon: string, values: readonly string[]): string;
  /** A choice that is not saved by itself; its id begins with `deeptone-`. */
  choice(field: string, icon: string, values: readonly string[]): string;
  check(field: string): string;
  /** A checkbox that gives the node its fourth output. */
  fourthOutput(field: string): string;
  note(text: string): string;
  models(): string;
  outputPeriod(): string;
  /** Rows that are folded away at first. */
  details(title: string, rows: readonly string[]): string;
  /** Rows of a class of their own, to be shown and hidden together. */
  only(part: string, rows: readonly string[]): string;
  rawFormat(more?: readonly string[]): string;
  /** The sound of phases, at a fifth output. */
  segments(): string;
  decisions(): string;
  more(rows: readonly string[]): string;
}

interface DeeptoneFormApi {
  of(type: string): DeeptoneFormRows;
}

/** See resources/deeptone-numbers.js. */
interface DeeptoneNumbersApi {
  /** NaN where it is no number. */
  read(text: string, unit?: string, limits?: DeeptoneLimits): number;
  rounded(limits: DeeptoneLimits, value: number): number;
  judge(field: string, limits: DeeptoneLimits, value: unknown): true | string;
  words(limits: DeeptoneLimits): Record<string, string>;
}

interface DeeptoneModelListParts {
  place: JQuery;
  engine: JQuery;
  /** As text it is an environment variable: it stays until something is ticked. */
  selected: readonly string[] | string;
  /** Whether a variable may be named although there is none yet. */
  variables: boolean;
  /** Something else is ticked, or offered. */
  changed: () => void;
}

interface DeeptoneModelList {
  /** What is ticked of what the engine offers. */
  chosen(): DeeptoneOfferedModel[];
  selected(): string[] | string;
  /** A sentence; '' where nothing is wrong. */
  problem(): string;
}

/** See resources/deeptone-models.js. */
interface DeeptoneModelsApi {
  list(parts: DeeptoneModelListParts): DeeptoneModelList;
  className(model: string, one: string): string;
}

/** How the answers of a model are decided; see decision 31. Levels and shares are in [0, 1]. */
interface DeeptoneDecision {
  classes?: string[];
  thresholds?: Record<string, number>;
  period?: 'any' | 'majority' | number;
}

interface DeeptoneDecisionsParts {
  place: JQuery;
  /** What the node has: decisions by models; text where a variable names them. */
  value: unknown;
  changed: () => void;
}

interface DeeptoneDecisionsForm {
  /** Offers what can be decided about these models. */
  show(models: readonly DeeptoneOfferedModel[]): void;
  /** What is saved: decisions about models that are not ticked now are kept. */
  value(): Record<string, DeeptoneDecision> | string | undefined;
  /** A sentence; '' where nothing is wrong. */
  problem(): string;
}

/** See resources/deeptone-decisions.js. */
interface DeeptoneDecisionsApi {
  form(parts: DeeptoneDecisionsParts): DeeptoneDecisionsForm;
  valid(value: unknown): true | string;
}

/** See resources/deeptone-dialog.js. */
/** What the Test button gets. */
interface DeeptoneTrialAnswer {
  readonly deployed: boolean;
  readonly findings: readonly {
    readonly subject: string;
    readonly state: 'ok' | 'warning' | 'problem';
    readonly values: Record<string, string | number>;
  }[];
  readonly heard?: string;
}

/** See resources/deeptone-trial.js. */
interface DeeptoneTrialApi {
  offer(
    before: JQuery,
    engineId: unknown,
    text: (key: string, values?: Record<string, string | number>) => string,
  ): void;
}

/** Speed, drops and gaps of a stream or of all streams of a node. */
interface DeeptoneLiveFacts {
  readonly speed: number | null;
  readonly lagMs: number;
  readonly droppedMs: number;
  readonly gaps: number;
  readonly gapMs: number;
}

/** A stream as `GET deeptone/live` has it. */
type DeeptoneLiveStreamNow = import('../nodes/watch').WatchedStream;

interface DeeptoneLiveNode {
  readonly id: string;
  readonly name: string;
  readonly z?: string;
  readonly statistics: DeeptoneLiveFacts & { readonly streams: number; readonly refused: number };
  readonly streams: readonly DeeptoneLiveStreamNow[];
  readonly more: number;
}

interface DeeptoneLiveEngine {
  readonly id: string;
  readonly name: string;
  readonly status: { readonly fill: string; readonly text: string };
  readonly runtime: string;
  readonly nodes: readonly DeeptoneLiveNode[];
}

/** See resources/deeptone-live.js. */
interface DeeptoneLiveApi {
  open(): void;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the body of an answer, read field by field
  get(what: string, query?: Record<string, string>): JQuery.jqXHR<any>;
  text(key: string, values?: Record<string, string | number>): string;
  facts(of: DeeptoneLiveFacts): string[];
  keyed<T>(
    place: JQuery,
    items: readonly T[],
    keyOf: (item: T) => string,
    make: () => JQuery,
    update: (child: JQuery, item: T) => void,
  ): void;
  setText(place: JQuery, words: string): void;
  readonly QUIET_MS: number;
  readonly FLOOR_DB: number;
}

/** See resources/deeptone-live-stream.js. */
interface DeeptoneLiveStreamApi {
  opened(): {
    rowOf(): JQuery;
    updateRow(row: JQuery, stream: DeeptoneLiveStreamNow, node: string): void;
    ask(): void;
  };
}

type DeeptoneTimelineAnswer = import('../nodes/watch').Timeline;
type DeeptoneTimelineModel = DeeptoneTimelineAnswer['models'][number];
type DeeptoneTimelinePhase = DeeptoneTimelineModel['phases'][number];

interface DeeptoneTimelineView {
  show(timeline: DeeptoneTimelineAnswer | null): void;
  say(words: string): void;
  remove(): void;
}

/** See resources/deeptone-timeline.js. */
interface DeeptoneTimelineApi {
  view(place: JQuery): DeeptoneTimelineView;
  colourOf(model: string, label: string): string;
}

interface DeeptoneDialogApi {
  prepare(node: EditorNode): void;
  check(node: EditorNode): void;
  save(node: EditorNode): void;
  cancel(node: EditorNode): void;
}

/** See resources/deeptone-source.js. */
interface DeeptoneSourceApi {
  prepare(node: EditorNode): void;
  validInput(node: EditorNode, value: unknown): true | string;
}

/** On the browser's thread for sound, which has a world of its own. */
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: typeof AudioWorkletProcessor): void;
/** Hz. */
declare const sampleRate: number;

/** A recording under way; see resources/deeptone-recorder.js. */
interface DeeptoneRecording {
  /** Ends it: a WAV. */
  stop(): Promise<Blob>;
}

interface DeeptoneRecorderApi {
  hindrance(): '' | 'insecure' | 'unsupported';
  reason(error: unknown): 'denied' | 'noMicrophone' | 'failed';
  listen(
    worklet: string,
    take: (samples: Float32Array, sampleRate: number) => void,
    gone?: () => void,
  ): Promise<{ readonly sampleRate: number; stop(): Promise<void> }>;
  record(worklet: string, heard: (level: number, seconds: number) => void): Promise<DeeptoneRecording>;
}

/** See resources/deeptone-voices.js. */
interface DeeptoneVoicesApi {
  offer(
    place: JQuery,
    engineId: unknown,
    text: (key: string, values?: Record<string, string | number>) => string,
  ): { close(): void };
}

interface DeeptoneTaughtExample {
  readonly id: string;
  /** Of its file; none where it was recorded here. */
  readonly name?: string;
  readonly milliseconds: number;
  /** dBFS. */
  readonly level: number;
}

interface DeeptoneCounts {
  readonly that: { readonly right: number; readonly of: number };
  readonly other: { readonly right: number; readonly of: number };
}

interface DeeptoneLearned {
  readonly standard: DeeptoneCounts;
  readonly open: DeeptoneCounts;
  readonly mistaken: readonly string[];
  readonly examples: readonly string[];
}

/** A sound that is taught, as the page gets it; see nodes/teach. */
interface DeeptoneTaught {
  readonly id: string;
  readonly title: string;
  readonly examples: Readonly<Record<'that' | 'other', readonly DeeptoneTaughtExample[]>>;
  readonly learned?: DeeptoneLearned;
}

interface DeeptoneLearning {
  readonly state: 'none' | 'running' | 'done' | 'failed';
  readonly id?: string;
  readonly seconds?: number;
  readonly message?: string;
}

/** See resources/deeptone-teach-server.js. */
interface DeeptoneTeachServerApi {
  ask(path: string, how?: RequestInit): Promise<Response>;
  post(path: string, body: object): Promise<Response>;
  words(): Promise<(key: string, values?: Record<string, string | number>) => string>;
}

interface DeeptoneWidgetApi {
  write(type: string, fields: readonly (readonly [name: string, kind: string])[]): void;
  /** What the registration of every widget has. */
  readonly common: Pick<
    EditorNodeDefinition,
    'paletteLabel' | 'onpaletteadd' | 'inputLabels' | 'label' | 'labelStyle' | 'oneditprepare'
  >;
  /** Settings of every widget: its place on a page. */
  readonly place: EditorNodeDefinition['defaults'];
  readonly valid: {
    number(node: EditorNode, field: string, value: unknown, least: number, most: number): true | string;
    /** At least one of these checks is needed. */
    someOf(node: EditorNode, fields: readonly string[]): true | string;
  };
}

interface Window {
  DeeptoneWidget: DeeptoneWidgetApi;
  DeeptoneRecorder: DeeptoneRecorderApi;
  DeeptoneVoices: DeeptoneVoicesApi;
  DeeptoneTeachServer: DeeptoneTeachServerApi;
  DeeptoneEditor: DeeptoneEditorApi;
  DeeptoneForm: DeeptoneFormApi;
  DeeptoneNumbers: DeeptoneNumbersApi;
  DeeptoneModels: DeeptoneModelsApi;
  DeeptoneDecisions: DeeptoneDecisionsApi;
  DeeptoneDialog: DeeptoneDialogApi;
  DeeptoneTrial: DeeptoneTrialApi;
  DeeptoneLive: DeeptoneLiveApi;
  DeeptoneLiveStream: DeeptoneLiveStreamApi;
  DeeptoneTimeline: DeeptoneTimelineApi;
  DeeptoneSource: DeeptoneSourceApi;
}
declare const DeeptoneRecorder: DeeptoneRecorderApi;
declare const DeeptoneVoices: DeeptoneVoicesApi;
declare const DeeptoneEditor: DeeptoneEditorApi;
declare const DeeptoneForm: DeeptoneFormApi;
declare const DeeptoneNumbers: DeeptoneNumbersApi;
declare const DeeptoneModels: DeeptoneModelsApi;
declare const DeeptoneDecisions: DeeptoneDecisionsApi;
declare const DeeptoneDialog: DeeptoneDialogApi;
declare const DeeptoneTrial: DeeptoneTrialApi;
declare const DeeptoneLive: DeeptoneLiveApi;
declare const DeeptoneLiveStream: DeeptoneLiveStreamApi;
declare const DeeptoneTimeline: DeeptoneTimelineApi;
declare const DeeptoneSource: DeeptoneSourceApi;
declare const DeeptoneWidget: DeeptoneWidgetApi;
