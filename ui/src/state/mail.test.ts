import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeBackend } from "../ipc/fake";
import { Mail } from "./mail.svelte";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function at(): Promise<{ mail: Mail; wait: (changes: number) => Promise<void> }> {
  const backend = new FakeBackend();
  const mail = new Mail(backend, (thrown) => {
    throw thrown;
  });
  await mail.load();
  const wait = async (changes: number): Promise<void> => {
    backend.waits[1] = changes;
    mail.hear({ kind: "status_changed" });
    await vi.advanceTimersByTimeAsync(10);
  };
  return { mail, wait };
}

test("many changes that get no further for two minutes are not on their way any more", async () => {
  const { mail, wait } = await at();
  await wait(900);
  expect(mail.sending).not.toBeNull();
  await vi.advanceTimersByTimeAsync(110_000);
  await wait(600);
  await vi.advanceTimersByTimeAsync(110_000);
  expect(mail.sending, "it got on within two minutes").not.toBeNull();
  // A status that says nothing new is no progress.
  await wait(600);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(mail.sending).toBeNull();
  // What goes out of them later is no news; the next many are.
  await wait(0);
  expect(mail.sending).toBeNull();
  await wait(900);
  expect(mail.sending).not.toBeNull();
});
