/** `make release-key`: creates the key pair that signs releases, outside of the checkout. */
import { createKey, DEFAULT_KEY, publicKeyFile } from './signing-key.ts';

const file = process.env['KEY'] || DEFAULT_KEY;
try {
  await createKey(file, process.env['KEY_PASSWORD']);
  console.log(`${file} signs releases: keep it secret, and keep a copy, because nothing can replace it`);
  console.log(`${publicKeyFile(file)} verifies them: publish it`);
} catch (error) {
  console.error(
    (error as NodeJS.ErrnoException).code === 'EEXIST' ? `${file} exists already` : String(error),
  );
  process.exitCode = 1;
}
