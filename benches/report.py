import json
def finish(results, options):
    from statistics import median
    for k, s in results["cells"].items():
        print(f"{k:45} {median(x['cpu_ms'] for x in s):8.4f} [{min(x['cpu_ms'] for x in s):.4f} {max(x['cpu_ms'] for x in s):.4f}] db {median(x['database_cpu_ms'] for x in s):.3f} rps {median(x['requests_per_second'] for x in s):8.0f} p99 {median(x['p99_ms'] for x in s):.2f} failed {sum(x['failed'] for x in s)}")
    print(results["memory"], results["left_out"])
