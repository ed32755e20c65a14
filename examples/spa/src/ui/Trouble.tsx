import { useEffect, useState, type ReactNode } from "react";
import type { Problem } from "../api/problem";

interface Props {
  readonly problem: Problem;
  readonly onRetry?: (() => void) | undefined;
  readonly children?: ReactNode;
}

/** Shows an error, announces it to screen readers, and offers to try again if that can help. */
export function Trouble({ problem, onRetry, children }: Props) {
  const wait = useWait(problem);
  const again = problem.isPassing ? onRetry : undefined;

  return (
    <div className="notice bad">
      <p role="alert">{problem.message}</p>
      {problem.status >= 500 && problem.requestId !== null && (
        <p className="hint">
          Request <code>{problem.requestId}</code>
        </p>
      )}
      {problem.errors.length > 0 && (
        <ul>
          {problem.errors.map((error) => (
            <li key={`${error.field} ${error.message}`}>
              {error.field}: {error.message}
            </li>
          ))}
        </ul>
      )}
      {(children !== undefined || again !== undefined) && (
        <div className="actions">
          {again !== undefined && (
            <button type="button" onClick={again} disabled={wait > 0}>
              {wait > 0 ? `Try again in ${humanSeconds(wait)}` : "Try again"}
            </button>
          )}
          {children}
        </div>
      )}
    </div>
  );
}

/** The seconds left until `Retry-After` has passed. */
function useWait(problem: Problem): number {
  const [waited, setWaited] = useState<{ problem: Problem; seconds: number }>({ problem, seconds: 0 });
  const total = problem.retryAfter ?? 0;

  useEffect(() => {
    if (total === 0) return;
    const start = Date.now();
    const timer = setInterval(() => {
      const seconds = Math.floor((Date.now() - start) / 1000);
      setWaited({ problem, seconds });
      if (seconds >= total) clearInterval(timer);
    }, 1000);
    return () => clearInterval(timer);
  }, [problem, total]);

  return Math.max(0, total - (waited.problem === problem ? waited.seconds : 0));
}

function humanSeconds(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
