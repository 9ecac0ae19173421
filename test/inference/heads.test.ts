import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCatalogue } from '../../src/inference';

interface Head {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly classes: readonly string[];
  readonly activation: string;
  readonly gate: string;
  readonly withUnknown: boolean;
}

/** What training was told to make. */
const { heads } = JSON.parse(readFileSync(join(__dirname, '../../../training/heads.json'), 'utf8')) as {
  readonly heads: readonly Head[];
};

describe('The heads that training declares', () => {
  it('are the shipped models, in their order', () => {
    const shipped = loadCatalogue().models.map(({ description }) => description);
    assert.deepEqual(
      shipped.map(({ name }) => name),
      heads.map(({ name }) => name),
    );
  });

  for (const modelSet of ['standard', 'open'] as const) {
    it(`are in the catalogue as declared: ${modelSet}`, () => {
      for (const { description: model } of loadCatalogue({ modelSet }).models) {
        const head = heads.find(({ name }) => name === model.name);
        assert.ok(head, model.name);
        const { name, title, description, activation, gate, classes } = model;
        assert.deepEqual(
          { name, title, description, activation, gate, classes, withUnknown: model.unknownBelow !== null },
          {
            name: head.name,
            title: head.title,
            description: head.description,
            activation: head.activation,
            gate: head.gate,
            classes: head.classes,
            withUnknown: head.withUnknown,
          },
        );
      }
    });
  }
});
