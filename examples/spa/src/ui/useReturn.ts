import { useEffect } from "react";

/** Calls `then` when the person comes back: to this tab, or to the network. */
export function useReturn(then: () => unknown) {
  useEffect(() => {
    const seen = () => {
      if (document.visibilityState === "visible") then();
    };
    document.addEventListener("visibilitychange", seen);
    addEventListener("online", seen);
    return () => {
      document.removeEventListener("visibilitychange", seen);
      removeEventListener("online", seen);
    };
  }, [then]);
}
