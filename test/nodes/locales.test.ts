import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCatalogue } from '../../src/inference';
import { ROOT } from '../package/consumer';
import { leavesOf, LOCALES, placeholders, readJson, textOf, TRANSLATED } from './support/locales';
import { sentencesOf } from './support/sentences';

const ENGLISH = 'en-US';
const SETS = readdirSync(join(LOCALES, ENGLISH)).filter((name) => name.endsWith('.json'));
const HELPS = readdirSync(join(LOCALES, ENGLISH)).filter((name) => name.endsWith('.html'));
/** What runs or is shown: pages, their scripts, and the nodes. */
const SOURCES = ['nodes', 'resources', 'src']
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:ts|js|html)$/u.test(name) && !name.startsWith('locales'))
      .map((name) => readFileSync(join(ROOT, folder, name), 'utf8')),
  )
  .join('\n');

const CATALOGUES = (['standard', 'open'] as const).flatMap((modelSet) => loadCatalogue({ modelSet }).models);

describe('The translations', function () {
  this.timeout(60_000);

  it('are in the languages that are promised', () => {
    assert.deepEqual([...TRANSLATED].toSorted(), ['de', 'es', 'fr', 'it', 'ja', 'zh-CN']);
  });

  for (const locale of TRANSLATED) {
    it(`have every key in ${locale}, none more, and the same values in each text`, () => {
      for (const set of SETS) {
        const english = leavesOf(readJson(ENGLISH, set));
        const translated = leavesOf(readJson(locale, set));
        assert.deepEqual(
          {
            missing: [...english.keys()].filter((key) => !translated.has(key)),
            extra: [...translated.keys()].filter((key) => !english.has(key)),
          },
          { missing: [], extra: [] },
          `${locale}/${set}`,
        );
        for (const [key, text] of english) {
          const translation = translated.get(key) ?? '';
          assert.equal(placeholders(translation), placeholders(text), `${locale}/${set}: ${key}`);
          assert.equal(translation.trim() === '', text.trim() === '', `${locale}/${set}: ${key} is empty`);
        }
      }
    });

    it(`leave no text of some words in English in ${locale}`, () => {
      const words = /\p{L}{2,}(?:[ ,]+\p{L}{2,}){2,}/u;
      for (const set of SETS) {
        const translated = leavesOf(readJson(locale, set));
        const left = [...leavesOf(readJson(ENGLISH, set))]
          .filter(([key, text]) => translated.get(key) === text && words.test(text.replace(/__\w+__/gu, '')))
          .filter(([key]) => !key.endsWith('placeholder.protocols'));
        assert.deepEqual(left, [], `${locale}/${set}`);
      }
    });

    it(`have the same help in ${locale}: the same properties and paragraphs, the same code`, () => {
      for (const help of HELPS) {
        const [english = '', translated = ''] = [ENGLISH, locale].map((name) => textOf(name, help));
        assert.deepEqual(propertiesOf(translated), propertiesOf(english), `${locale}/${help}`);
        assert.deepEqual(tagsOf(translated), tagsOf(english), `${locale}/${help}`);
        assert.deepEqual(codeOf(translated), codeOf(english), `${locale}/${help}`);
        for (const paragraph of paragraphsOf(english))
          assert.ok(!translated.includes(`>${paragraph}<`), `${locale}/${help} in English: ${paragraph}`);
      }
    });

    it(`say every sentence of the nodes in ${locale}, and none that nobody says`, () => {
      const said = sentencesOf();
      assert.ok(said.length > 30);
      const translations = readJson(locale, 'sentences.json') as Readonly<Record<string, unknown>>;
      assert.deepEqual(
        {
          missing: said.filter((template) => !Object.hasOwn(translations, template)),
          extra: Object.keys(translations).filter((template) => !said.includes(template)),
        },
        { missing: [], extra: [] },
        locale,
      );
      const { pluralCategories } = new Intl.PluralRules(locale).resolvedOptions();
      for (const [template, translation] of Object.entries(translations)) {
        const forms = typeof translation === 'string' ? { other: translation } : (translation as object);
        assert.ok('other' in forms, template);
        for (const [category, form] of Object.entries(forms) as [Intl.LDMLPluralRule, string][]) {
          assert.ok(pluralCategories.includes(category), `${locale}: ${category} of ${template}`);
          assert.deepEqual(holesOf(form), holesOf(template), `${locale}: ${form}`);
        }
      }
    });
  }

  it('have one word for each term of the glossary', () => {
    const rows = readFileSync(join(ROOT, 'docs/translating.md'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .map((line) =>
        line
          .split('|')
          .map((cell) => cell.trim())
          .slice(1, -1),
      );
    const [header = [], ...terms] = rows.filter((cells) => cells.length === TRANSLATED.length + 1);
    assert.deepEqual(
      header.slice(1),
      TRANSLATED.toSorted((one, other) => header.indexOf(one) - header.indexOf(other)),
    );
    assert.ok(terms.length >= 10);
    const others: string[] = [];
    for (const [term = '', ...words] of terms) {
      const isThere = new RegExp(`\\b${term}s?\\b`, 'iu');
      for (const set of SETS) {
        const keys = [...leavesOf(readJson(ENGLISH, set))].filter(
          ([key, text]) => isThere.test(text) && !key.includes('Words'),
        );
        header.slice(1).forEach((locale, index) => {
          const translated = leavesOf(readJson(locale, set));
          const known = words[index]?.toLowerCase().split(', ') ?? [];
          for (const [key] of keys) {
            const text = translated.get(key)?.toLowerCase() ?? '';
            if (!known.some((word) => text.includes(word)))
              others.push(`${locale} ${key}: ${term} in "${text}"`);
          }
        });
      }
    }
    assert.deepEqual(others, []);
  });

  it('have no key that nothing shows', () => {
    const unused = SETS.flatMap((set) => [...leavesOf(readJson(ENGLISH, set)).keys()]).filter(
      (key) => !isUsed(key),
    );
    assert.deepEqual(unused, []);
  });

  it('have a name for every model and every class of both catalogues', () => {
    for (const locale of [ENGLISH, ...TRANSLATED]) {
      const keys = leavesOf(readJson(locale, 'deeptone-engine.json'));
      {
        for (const { description } of CATALOGUES) {
          const { name, classes } = description;
          for (const part of ['title', 'short', 'description'])
            assert.ok(keys.has(`deeptone.model.${name}.${part}`), `${locale}: ${part} of ${name}`);
          for (const label of classes) {
            const model = name === 'speech-rt' ? 'speech' : name;
            const isThere = [`${model}.${label}`, `any.${label}`].some((key) =>
              keys.has(`deeptone.class.${key}`),
            );
            assert.ok(isThere || /^speaker_\d+$/u.test(label), `${locale}: ${label} of ${name}`);
          }
        }
      }
    }
  });
});

describe('Node-RED', function () {
  this.timeout(60_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'deeptone-locales-'));
    cpSync(LOCALES, folder, { recursive: true });
    const path = join(folder, 'fr/deeptone-engine.json');
    const french = JSON.parse(readFileSync(path, 'utf8')) as { deeptone: { status: Record<string, string> } };
    delete french.deeptone.status['ready'];
    writeFileSync(path, JSON.stringify(french));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** What the runtime's translations say, by the language it is set to. */
  function runtimeTexts(
    languages: readonly string[],
    keys: readonly string[],
  ): readonly (readonly string[])[] {
    const script = `
      const { i18n } = require('@node-red/util');
      i18n.init({ lang: 'en-US' });
      (async () => {
        await i18n.registerMessageCatalog('set', process.argv[1], 'deeptone-engine.json');
        const { languages, keys } = JSON.parse(process.argv[2]);
        const told = [];
        for (const language of languages) {
          await i18n.i.changeLanguage(language);
          told.push(keys.map((key) => i18n._('set:deeptone.' + key)));
        }
        console.log(JSON.stringify(told));
      })();`;
    const asked = JSON.stringify({ languages, keys });
    return JSON.parse(
      execFileSync(process.execPath, ['-e', script, folder, asked], { cwd: ROOT, encoding: 'utf8' }),
    ) as readonly (readonly string[])[];
  }

  it('finds the language of whoever says a country, too', () => {
    const asked = {
      ...{ 'de-AT': 'de', 'es-ES': 'es', 'es-MX': 'es', es: 'es', 'fr-CA': 'fr', 'it-IT': 'it', it: 'it' },
      ...{ 'ja-JP': 'ja', ja: 'ja', 'zh-CN': 'zh-CN', 'ko-KR': ENGLISH, 'en-GB': ENGLISH },
    };
    assert.deepEqual(
      runtimeTexts(Object.keys(asked), ['locale']).flat(),
      Object.values(asked),
      Object.keys(asked).join(),
    );
  });

  it('says in English what a language lacks, and never a key', () => {
    assert.deepEqual(runtimeTexts(['fr'], ['status.ready', 'status.starting']), [
      ['ready', 'chargement des modèles'],
    ]);
  });
});

/** Whether a source names the key as it is, or each of the names that it is made of while it runs. */
function isUsed(key: string): boolean {
  // Pages name keys of their own without the word in front, and those that all share.
  const [, ...steps] = key.split('.');
  return (
    SOURCES.includes(steps.join('.')) ||
    steps.every((name) => isNamed(name) || isLabel(name) || name.split('-').every(isNamed))
  );
}

function isNamed(name: string): boolean {
  return new RegExp(`['"\`.]${name}['"\`.]|\\b${name}:|\\.${name}\\b`, 'u').test(SOURCES);
}

/** Names of classes and models are in the catalogues; of speakers there are any number. */
function isLabel(name: string): boolean {
  return CATALOGUES.some(({ description }) => [description.name, ...description.classes].includes(name));
}

function propertiesOf(help: string): readonly string[] {
  return [...help.matchAll(/<dt[^>]*>(.*?)<\/dt>/gu)].map(([, property = '']) => property);
}

function tagsOf(help: string): readonly string[] {
  return [...help.matchAll(/<\/?(?:script|p|h3|dl|dt|dd|ol|ul|li)\b/gu)].map(([tag]) => tag);
}

/** But for the examples of sentences, which are in the language. */
function codeOf(help: string): readonly string[] {
  const code = [...help.matchAll(/<code>(.*?)<\/code>/gu)].map(([, text = '']) => text);
  return [...new Set(code.filter((text) => !text.includes('dB')))].toSorted();
}

function paragraphsOf(help: string): readonly string[] {
  return [...help.matchAll(/<(?:p|dd)>([^\n]{40,}?)<\/(?:p|dd)>/gu)].map(([, text = '']) => text);
}

function holesOf(template: string): readonly string[] {
  return [...new Set(template.match(/\{\d+\}/gu))].toSorted();
}
