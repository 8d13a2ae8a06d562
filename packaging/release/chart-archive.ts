/** The Helm chart as an archive, whose default is the released image by digest. The same content is the same bytes. */
import { createReadStream, createWriteStream } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseDocument } from 'yaml';
import { gzip, writeTar } from '../tar.ts';

const NAME = 'dnshealth-operator';

interface ChartRequest {
  readonly file: string;
  /** The name of the image, without tag and digest. */
  readonly repository: string;
  readonly digest: string;
}

export async function writeChartArchive({ file, repository, digest }: ChartRequest): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'chart-archive-'));
  try {
    await cp(join('charts', NAME), join(work, NAME), { recursive: true });
    const values = join(work, NAME, 'values.yaml');
    const document = parseDocument(await readFile(values, 'utf8'));
    document.setIn(['image', 'repository'], repository);
    document.setIn(['image', 'digest'], digest);
    await writeFile(values, document.toString({ lineWidth: 0 }));
    const tar = join(work, 'chart.tar');
    await writeTar({ root: work, names: [NAME], file: tar, mode: 'u+rw,go-w,a+rX' });
    await pipeline(createReadStream(tar), ...gzip(), createWriteStream(file));
  } finally {
    await rm(work, { recursive: true });
  }
}
