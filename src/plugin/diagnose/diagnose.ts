/** Runs `diagnose`: gathers from a cluster or from files, builds the report, prints it. */
import { print } from '../terminal/print.ts';
import { EXIT, type ExitCode, type OptionValues, type PluginContext } from '../verb.ts';
import type { Gathered } from './gathered.ts';
import { reportText } from './print/text.ts';
import { buildReport } from './report.ts';
import { gatherOffline, isOffline } from './saved/offline.ts';
import type { Selection } from './selection.ts';
import { slowProgress } from './slow-progress.ts';

export async function diagnose(context: PluginContext, options: OptionValues): Promise<ExitCode> {
  const report = buildReport(await gathered(context, options));
  await print(context, report, (isWide) =>
    reportText(report, { out: context.out, isWide, width: widthOf(context.out.columns) }),
  );
  return report.verdict.healthy ? EXIT.well : EXIT.fault;
}

/** Of a pipe or a file. */
const USUAL_WIDTH = 100;
const MIN_WIDTH = 80;
/** Longer lines are hard to read, however wide the screen is. */
const MAX_WIDTH = 120;
const widthOf = (columns = USUAL_WIDTH): number => Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, columns));

async function gathered(context: PluginContext, options: OptionValues): Promise<Gathered> {
  const selection = { ...textOption('node', options), ...textOption('pod', options) };
  const progress = slowProgress(context.err);
  try {
    if (isOffline(options)) {
      progress.say('the saved files');
      return await gatherOffline(options, selection);
    }
    progress.say('the kubeconfig');
    const connection = await context.connect();
    const { gather } = await import('./gather/online.ts');
    const { signal } = context;
    return await gather(connection, { ...selection, signal, now: context.now(), onProgress: progress.say });
  } finally {
    progress.stop();
  }
}

function textOption<Name extends keyof Selection>(name: Name, options: OptionValues): Selection {
  const value = options[name];
  return typeof value === 'string' ? { [name]: value } : {};
}
