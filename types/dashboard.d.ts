/** The part of Dashboard 2's pages that our widgets use. */

/** A socket as socket.io gives it. */
interface DashboardSocket {
  readonly id?: string;
  on(event: string, listener: (value: any) => void): void;
  off(event: string, listener: (value: any) => void): void;
  emit(event: string, ...values: unknown[]): void;
}

/** A widget's component, as Vue sees it. */
interface VueWidget {
  readonly id: string;
  readonly props: { readonly deeptonePath: string };
  readonly $socket: DashboardSocket;
  readonly $el: HTMLElement;
  view?: { take(news: any): void; load(): void; close(): void };
  take(news: any): void;
  load(): void;
}

interface Window {
  Vue: { h(tag: string, attributes?: object): unknown };
}
