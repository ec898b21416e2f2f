/**
 * @kubernetes/client-node shows `ws` in the types of exec, attach and portforward, but brings no types of it. Nobody
 * here uses those, so their names are enough.
 */
declare module "ws" {
  export type WebSocket = object;
  export type ClientOptions = object;
}
