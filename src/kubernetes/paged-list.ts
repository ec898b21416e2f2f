import type { ApiError } from "./api-error.ts";
import type { ObjectList } from "./held-objects.ts";
import type { ListPage, ListRequest } from "./watch-api.ts";

/** What kubectl and client-go ask for. */
const PAGE_OBJECTS = 500;

/** Which page: none of the two means all objects. */
export type PageRequest = Pick<ListRequest, "limit" | "continueToken">;

export type PageResult =
  | { readonly kind: "page"; readonly page: ListPage }
  | { readonly kind: "failed"; readonly error: ApiError };

export type ListResult<T> =
  /** `resourceVersion`: what to watch from. */
  | { readonly kind: "listed"; readonly list: ObjectList<T>; readonly resourceVersion: string }
  | { readonly kind: "failed"; readonly error: ApiError };

/**
 * Collects all pages of a list. They show one moment, that of the first, which the server may forget before the last:
 * then it is all over again, and at the second time in a single page.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
 */
export async function listPages<T>(
  beginList: () => ObjectList<T>,
  listPage: (page: PageRequest, list: ObjectList<T>) => Promise<PageResult>,
): Promise<ListResult<T>> {
  for (const limit of [{ limit: PAGE_OBJECTS }, { limit: PAGE_OBJECTS }]) {
    const result = await listOnce(beginList(), listPage, limit);
    if (result.kind !== "expired") return result;
  }
  const result = await listOnce(beginList(), listPage, {});
  return result.kind === "expired" ? { kind: "failed", error: result.error } : result;
}

async function listOnce<T>(
  list: ObjectList<T>,
  listPage: (page: PageRequest, list: ObjectList<T>) => Promise<PageResult>,
  limit: PageRequest,
): Promise<ListResult<T> | { readonly kind: "expired"; readonly error: ApiError }> {
  let resourceVersion: string | undefined;
  let token: string | undefined;
  do {
    const result = await listPage(token === undefined ? limit : { ...limit, continueToken: token }, list);
    if (result.kind === "failed") {
      const isStale = token !== undefined && result.error.isExpired;
      return isStale ? { kind: "expired", error: result.error } : result;
    }
    resourceVersion ??= result.page.resourceVersion;
    token = result.page.continueToken;
  } while (token !== undefined);
  return { kind: "listed", list, resourceVersion };
}
