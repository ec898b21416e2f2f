/**
 * @kubernetes/client-node shows `ws` in the types of exec, attach and portforward, but brings no types of it. This much
 * of them is used here.
 */
declare module "ws" {
  export interface WebSocket {
    close(): void;
  }
  export type ClientOptions = object;
}
