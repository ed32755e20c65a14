import { useEffect } from "react";

/** Calls `then` when the tab becomes visible again, or the network is back. */
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
