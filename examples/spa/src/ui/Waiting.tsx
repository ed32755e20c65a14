import { useEffect, useState } from "react";

/** How long to wait before saying so, in milliseconds. */
const DELAY = 1000;

/** Shows nothing at first. If the answer takes long, says so and offers to stop waiting. */
export function Waiting({ onStop }: { readonly onStop?: () => void }) {
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), DELAY);
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
