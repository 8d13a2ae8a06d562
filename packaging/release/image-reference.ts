/** A name of an image, as `docker pull` takes it: registry, repository, and a tag or a digest. */

export interface ImageReference {
  /** With the port, if there is one. */
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

const PATTERN =
  /^(?<registry>(?:[a-zA-Z0-9.-]+|\[[0-9a-f:]+\])(?::\d+)?)\/(?<repository>[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)(?::(?<tag>[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/;

/** @throws Error if it is none, or if it has no registry: a default would be a surprise in a release */
export function parseReference(text: string): ImageReference {
  const { registry = '', repository = '', tag, digest } = PATTERN.exec(text)?.groups ?? {};
  if (!/[.:]|^localhost$/.test(registry))
    throw new Error(
      `"${text}" is not the name of an image with its registry, such as registry.example.com/dnshealth-operator:0.1.0`,
    );
  return { registry, repository, ...(tag ? { tag } : {}), ...(digest ? { digest } : {}) };
}

/** As Docker and containerd do, only the registry of the same machine is spoken to without TLS. */
export function registryUrl(registry: string): string {
  const host = registry.replace(/:\d+$/, '');
  const isLocal = host === 'localhost' || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host);
  return `${isLocal ? 'http' : 'https'}://${registry}`;
}
