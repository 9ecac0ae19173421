// Writes docs/reference from what is in the code: options from their table and their comments, types and functions from the
// rolled-up declarations, error codes from the classes of errors. Needs what npm run build wrote; --check compares only.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const MADE = '<!-- Made by scripts/reference.mjs (npm run api). -->\n';

function parse(file) {
  return ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.ES2022, true);
}

/** The words of a doc comment, on one line; links as code. */
function docOf(node) {
  const text = ts
    .getJSDocCommentsAndTags(node)
    .filter(ts.isJSDoc)
    .map((doc) => ts.getTextOfJSDocComment(doc.comment) ?? '')
    .join(' ');
  return inTable(text.replace(/\{@link ([^}]*)\}/g, '`$1`'));
}

/** Text that a cell of a table can hold. */
function inTable(text) {
  return String(text)
    .replace(/\s+/g, ' ')
    .replaceAll('|', '\\|')
    .replace(/(^|[^`])<(\w+)>/g, '$1&lt;$2&gt;')
    .trim();
}

const code = (text) => `\`${text.replace(/\s+/g, ' ').replaceAll('|', '\\|')}\``;

/** Comments and types of the options, by their names. */
function optionComments() {
  const found = new Map();
  for (const statement of parse('src/pipeline/options.ts').statements) {
    if (!ts.isInterfaceDeclaration(statement)) continue;
    for (const member of statement.members) {
      if (!ts.isPropertySignature(member) || found.has(member.name.getText())) continue;
      found.set(member.name.getText(), { doc: docOf(member), type: member.type?.getText() ?? '' });
    }
  }
  return found;
}

const WAYS = {
  file: 'processFile',
  bytes: 'processAudioBytes',
  chunk: 'processAudioChunk',
  stream: 'processStream',
  open: 'openStream',
  live: 'live audio',
};

function options() {
  const { OPTIONS } = require(join(ROOT, 'dist/src/pipeline/index.js'));
  const comments = optionComments();
  const rows = Object.entries(OPTIONS).map(([name, option]) => {
    const { doc = '', type = '' } = comments.get(name) ?? {};
    const standard = option.default === undefined ? '' : code(JSON.stringify(option.default));
    const ways = Object.keys(WAYS).every((way) => option.ways.includes(way))
      ? 'all'
      : option.ways.map((way) => WAYS[way]).join(', ');
    const cells = [
      code(name),
      code(type),
      doc,
      inTable(option.rule.accepted ?? ''),
      standard,
      ways,
      option.message ? code(option.message) : '',
      option.flag ? code(option.flag.flag) : '',
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return `# Options

${MADE}
Every option of every way in. In messages to nodes they stand in \`msg.deeptone\` under the name in the column *message* and win over the node's settings; *flag* is that of the command line. An option that is not known is an error.
What they do in detail is in [the decisions](../decisions.md); limits of live streams are settings of their own, see [limits](../limits.md).

| option | type | what | accepted | default | taken by | message | flag |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}
`;
}

function isExported(node) {
  return (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Export) !== 0;
}

/** A function or method on one line, without its body. */
function signature(node) {
  const { parameters } = node;
  const result = node.type ? `: ${node.type.getText()}` : '';
  return `(${parameters.map((one) => one.getText()).join(', ')})${result}`;
}

function membersOf(node) {
  const rows = node.members.flatMap((member) => {
    if ((ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0) return [];
    const name = member.name?.getText() ?? '';
    if (name.startsWith('#')) return [];
    if (ts.isConstructorDeclaration(member))
      return [[code(`new ${node.name.getText()}${signature(member)}`), docOf(member)]];
    if (ts.isMethodDeclaration(member) || ts.isMethodSignature(member))
      return [[code(`${name}${signature(member)}`), docOf(member)]];
    const optional = member.questionToken ? '?' : '';
    return [[code(`${name}${optional}: ${member.type?.getText() ?? ''}`), docOf(member)]];
  });
  if (rows.length === 0) return '';
  return `\n| member | what |\n|---|---|\n${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`;
}

function declaration(node) {
  const name = node.name?.getText();
  const doc = docOf(node);
  const words = doc === '' ? '' : `\n${doc}\n`;
  if (ts.isFunctionDeclaration(node))
    return `### ${name}\n\n\`\`\`ts\n${name}${signature(node)}\n\`\`\`\n${words}`;
  if (ts.isClassDeclaration(node)) return `### ${name}\n${words}${membersOf(node)}`;
  if (ts.isInterfaceDeclaration(node)) return `### ${name}\n${words}${membersOf(node)}`;
  if (ts.isTypeAliasDeclaration(node))
    return `### ${name}\n\n\`\`\`ts\n${node
      .getText()
      .replace(/^export (declare )?/, '')
      .replace(/^ {4}/gm, '  ')}\n\`\`\`\n${words}`;
  return '';
}

function api() {
  const { name: packageName, exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const sections = Object.entries(exports)
    .filter(([, entry]) => typeof entry === 'object')
    .map(([path, entry]) => {
      const source = parse(entry.types.replace('./', ''));
      const exported = new Set(
        source.statements.flatMap((statement) =>
          ts.isExportDeclaration(statement) &&
          statement.exportClause &&
          ts.isNamedExports(statement.exportClause)
            ? statement.exportClause.elements.map((element) => element.name.getText())
            : [],
        ),
      );
      const told = source.statements
        .filter((node) => node.name && (isExported(node) || exported.has(node.name.getText())))
        .map(declaration)
        .filter((text) => text !== '');
      return `## ${packageName}${path.slice(1)}\n\n${told.join('\n')}`;
    });
  return `# Types and functions

${MADE}
All that the package exports, by entry point, as the declarations say it. [In code](../sdk.md) has a running program for each function; errors are on [a page of their own](../errors.md).

${sections.join('\n')}`;
}

function errorCodes() {
  const rows = parse('src/errors.ts').statements.flatMap((node) => {
    if (!ts.isClassDeclaration(node)) return [];
    const codes = [...new Set(node.getText().match(/DEEPTONE_[A-Z_]+/g) ?? [])];
    return codes.map((one) => `| ${code(one)} | ${code(node.name.getText())} | ${docOf(node)} |`);
  });
  return `# Error codes

${MADE}
Every error has a \`code\`, which stays, and a sentence, which may change. [Errors](../errors.md) says for each what usually is the cause and what to do.

| code | class | what |
|---|---|---|
${rows.join('\n')}
`;
}

const pages = { 'options.md': options(), 'api.md': api(), 'error-codes.md': errorCodes() };
let differs = false;
for (const [name, text] of Object.entries(pages)) {
  const file = join(ROOT, 'docs/reference', name);
  const lines = text.replace(/\n{3,}/g, '\n\n').trimEnd() + '\n';
  if (!process.argv.includes('--check')) writeFileSync(file, lines);
  else if (readFileSync(file, 'utf8') !== lines) {
    differs = true;
    console.error(`docs/reference/${name} is not what the code says. Run: npm run api`);
  }
}
process.exitCode = differs ? 1 : 0;
