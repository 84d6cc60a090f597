/* A stand-in for NVIDIA's driver library: the ABI of NVML over GPUs that a text file describes, read at each call.
   Each line is "NAME VALUE"; the file's path is in AXO_TEST_NVML. Names: gpus, utilization, milliwatts, celsius,
   throttling, ecc, pid, lost, xid (one event for each time that xids grew), xids. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, NOT_SUPPORTED = 3, NO_SUCH = 6, INSUFFICIENT_SIZE = 7, TIMEOUT = 10, LOST = 15 };
typedef unsigned long long u64;
typedef struct { unsigned gpu, memory; } Utilization;
typedef struct { u64 total, free, used; } Memory;
typedef struct { unsigned pid; u64 memory; unsigned instance, compute; } Process;
typedef struct { void *device; u64 type, data; unsigned instance, compute; } Event;

static long told(const char *name, long otherwise) {
    FILE *file = fopen(getenv("AXO_TEST_NVML"), "r");
    char word[64];
    long value, found = otherwise;
    if (!file) return otherwise;
    while (fscanf(file, "%63s %ld", word, &value) == 2)
        if (!strcmp(word, name)) found = value;
    fclose(file);
    return found;
}

static int readable(void) { return told("lost", 0) ? LOST : SUCCESS; }
static unsigned index_of(void *device) { return (unsigned)((size_t)device - 1); }

int nvmlInitWithFlags(unsigned flags) { (void)flags; return SUCCESS; }
const char *nvmlErrorString(int code) { return code == LOST ? "GPU is lost" : "another error"; }
int nvmlSystemGetDriverVersion(char *version, unsigned size) { snprintf(version, size, "550.54.15"); return SUCCESS; }
int nvmlSystemGetCudaDriverVersion_v2(int *version) { *version = 12040; return SUCCESS; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = told("gpus", 1); return SUCCESS; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) { *device = (void *)(size_t)(index + 1); return SUCCESS; }
int nvmlDeviceGetIndex(void *device, unsigned *index) { *index = index_of(device); return SUCCESS; }
int nvmlDeviceGetName(void *device, char *name, unsigned size) { (void)device; snprintf(name, size, "Stub H100"); return SUCCESS; }
int nvmlDeviceGetUUID(void *device, char *uuid, unsigned size) { snprintf(uuid, size, "GPU-%u", index_of(device)); return SUCCESS; }
int nvmlDeviceGetCudaComputeCapability(void *device, int *major, int *minor) { (void)device; *major = 9; *minor = 0; return SUCCESS; }

int nvmlDeviceGetMemoryInfo(void *device, Memory *memory) {
    (void)device;
    memory->total = 80ull << 30;
    memory->used = 10ull << 30;
    memory->free = memory->total - memory->used;
    return readable();
}
int nvmlDeviceGetUtilizationRates(void *device, Utilization *rates) {
    (void)device;
    rates->gpu = told("utilization", 0);
    rates->memory = 0;
    return SUCCESS;
}
int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts) {
    (void)device;
    *milliwatts = told("milliwatts", 0);
    return *milliwatts ? SUCCESS : NOT_SUPPORTED;
}
int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *celsius) {
    (void)device, (void)sensor;
    *celsius = told("celsius", 40);
    return SUCCESS;
}
int nvmlDeviceGetCurrentClocksThrottleReasons(void *device, u64 *reasons) {
    (void)device;
    *reasons = told("throttling", 0);
    return SUCCESS;
}
int nvmlDeviceGetTotalEccErrors(void *device, int kind, int counter, u64 *count) {
    (void)device, (void)counter;
    *count = kind == 1 ? told("ecc", 0) : 0;
    return SUCCESS;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *count, Process *processes) {
    (void)device;
    unsigned room = *count;
    *count = told("pid", 0) ? 1 : 0;
    if (room < *count) return INSUFFICIENT_SIZE;
    if (*count) processes[0] = (Process){told("pid", 0), 1ull << 30, 0, 0};
    return SUCCESS;
}

static long events_seen;
int nvmlEventSetCreate(void **set) { *set = &events_seen; events_seen = told("xids", 0); return SUCCESS; }
int nvmlDeviceRegisterEvents(void *device, u64 types, void *set) { (void)device, (void)types, (void)set; return SUCCESS; }
int nvmlEventSetWait_v2(void *set, Event *event, unsigned milliseconds) {
    (void)set, (void)milliseconds;
    if (told("xids", 0) <= events_seen) return TIMEOUT;
    events_seen++;
    *event = (Event){(void *)(size_t)1, 8, told("xid", 0), 0, 0};
    return SUCCESS;
}
