import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { buildModel, type Model } from './model.ts';
import { type ModelFile, modelFileSchema } from './model-schema.ts';

/** A model file that cannot be used: says which, where in it, and why. */
export class ModelFileError extends Error {
  override readonly name = 'ModelFileError';
}

function readModelFile(path: string): ModelFile {
  try {
    return modelFileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new ModelFileError(
      `The model file ${path} is not in the form of local/dataverse/model-schema.ts: ${reason}`,
      { cause: error },
    );
  }
}

let builtIn: ModelFile | undefined;

/** The built-in table model with extension files laid over it. Throws `ModelFileError`. */
export function loadModel(extensions: readonly string[] = []): Model {
  builtIn ??= readModelFile(join(import.meta.dirname, 'data-model.json'));
  const files = [builtIn, ...extensions.map(readModelFile)];
  try {
    return buildModel(files);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ModelFileError(`The model files do not fit together: ${reason}`, { cause: error });
  }
}
