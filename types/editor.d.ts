/** The part of Node-RED's editor that our dialogs use, typed as it is in 4.1 and 5. */
/// <reference types="jquery" />

interface EditorNodeDefinition {
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
  inputs?: 0 | 1;
  outputs?: number;
  paletteLabel?: string;
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
  };
  settings: {
    readonly deeptoneFileExamples: readonly string[];
    readonly deeptoneBytesEncodings: readonly string[];
    readonly deeptoneChunkEncodings: readonly string[];
    readonly deeptoneStreamEncodings?: readonly string[];
  };
};

interface DeeptoneOfferedModel {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly receptiveFieldMs?: number;
  readonly trainingData?: 'open' | 'non-commercial' | 'user';
}

type DeeptoneValidator = (value: unknown) => true | string;

/** See resources/deeptone-editor.js. */
interface DeeptoneEditorApi {
  text(key: string, values?: Record<string, string | number>): string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the body of an answer, read field by field
  ask(engineId: unknown, what: 'models' | 'license' | 'runtime'): JQuery.jqXHR<any>;
  problem(response: JQuery.jqXHR): string;
  lines(value: unknown): string[];
  pemBlocks(value: unknown): string[];
  outputLabel(index: number): string;
  encodings(select: JQuery, names: readonly string[], chosen: unknown): void;
  modelList(parts: { list: JQuery; engine: JQuery; selected: readonly string[] | string }): {
    selected(): string[] | string;
  };
  readonly valid: Readonly<
    Record<
      | 'models'
      | 'outputPeriod'
      | 'channel'
      | 'volumeThreshold'
      | 'rate'
      | 'atLeastOne'
      | 'notNegative'
      | 'aboveZero'
      | 'positive',
      DeeptoneValidator
    >
  >;
}

interface Window {
  DeeptoneEditor: DeeptoneEditorApi;
}
declare const DeeptoneEditor: DeeptoneEditorApi;
