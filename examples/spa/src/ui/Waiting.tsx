import { useEffect, useState } from "react";

/** Whoever waits for so long wonders whether anything happens, in milliseconds. */
const MOMENT = 1000;

/** Nothing at first. Where the answer is long in coming, says so, and lets the person stop waiting. */
export function Waiting({ onStop }: { readonly onStop?: () => void }) {
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), MOMENT);
    return () => clearTimeout(timer);
  }, []);

  return (
    <div className="waiting" data-slow={isSlow ? "" : undefined}>
      <p role="status">{isSlow && "Still waiting for the server…"}</p>
      {isSlow && onStop !== undefined && (
        <button type="button" className="quiet" onClick={onStop}>
          Stop waiting
        </button>
      )}
    </div>
  );
}
