/** The sentences that the sources can say, read from the sources themselves. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { BETWEEN } from '../../../src/sentence';
import { ROOT } from '../../package/consumer';

/** What nobody sees in Node-RED: the command line, workers without it, how models and licenses are made, and what is wrong in the files of a model, which is for its author. */
const UNSEEN = /^src\/(?:cli|serve|heads|license\/issue-license|inference\/catalogue)/u;

/** The templates of all sentences, as they stand after `say` and `phrase` in the sources. */
export function sentencesOf(folders: readonly string[] = ['src', 'nodes']): readonly string[] {
  const templates = new Set([BETWEEN]);
  for (const folder of folders) {
    for (const name of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
      if (name.endsWith('.ts') && !UNSEEN.test(`${folder}/${name}`))
        collect(join(ROOT, folder, name), templates);
    }
  }
  return [...templates];
}

const TAGS = new Set(['say', 'phrase']);

function collect(path: string, templates: Set<string>): void {
  const text = readFileSync(path, 'utf8');
  if (!/\b(?:say|phrase)`/u.test(text)) return;
  const visit = (node: ts.Node): void => {
    if (ts.isTaggedTemplateExpression(node) && TAGS.has(node.tag.getText()))
      templates.add(template(node.template));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
}

function template(literal: ts.TemplateLiteral): string {
  if (ts.isNoSubstitutionTemplateLiteral(literal)) return literal.text;
  return literal.templateSpans.reduce(
    (text, { literal: { text: part } }, index) => `${text}{${index + 1}}${part}`,
    literal.head.text,
  );
}
