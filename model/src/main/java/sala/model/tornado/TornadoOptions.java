package sala.model.tornado;

import sala.kernels.storage.StorageType;

/**
 * How the device is used.
 *
 * @param weightStorage type of weight matrices and of the embedding; of bf16, matrices are packed
 * @param cacheStorage type of keys, values and compressed keys: F32 or F16
 * @param capacity most positions a session may hold; the caches are allocated for so many
 * @param prefillChunk tokens of a prompt that go through the layers together
 * @param lightningChunk tokens of a chunk of linear attention
 * @param workGroups work groups that a token's attention is shared out among: enough to occupy the device
 */
public record TornadoOptions(
        StorageType weightStorage,
        StorageType cacheStorage,
        int capacity,
        int prefillChunk,
        int lightningChunk,
        int workGroups) {
    /** Chunk of linear attention that the reference implementation uses. */
    public static final int LIGHTNING_CHUNK = 64;

    /** Chunk of prompts unless asked otherwise. */
    public static final int PREFILL_CHUNK = 1024;

    /** Work groups that occupy a large GPU. */
    public static final int WORK_GROUPS = 528;

    public TornadoOptions {
        if (cacheStorage != StorageType.F32 && cacheStorage != StorageType.F16) {
            throw new IllegalArgumentException("cacheStorage: expected F32 or F16, found " + cacheStorage);
        }
        if (capacity < 1 || prefillChunk < 1 || lightningChunk < 1 || workGroups < 1) {
            throw new IllegalArgumentException(
                    "expected a capacity, prefillChunk, lightningChunk and workGroups of at least 1, found %d, %d, %d, %d"
                            .formatted(capacity, prefillChunk, lightningChunk, workGroups));
        }
    }

    /** Everything in f32, which every device can. */
    public static TornadoOptions ofCapacity(int capacity) {
        return new TornadoOptions(
                StorageType.F32,
                StorageType.F32,
                capacity,
                Math.min(PREFILL_CHUNK, capacity),
                LIGHTNING_CHUNK,
                WORK_GROUPS);
    }

    public TornadoOptions withStorage(StorageType weights, StorageType caches) {
        return new TornadoOptions(weights, caches, capacity, prefillChunk, lightningChunk, workGroups);
    }

    public TornadoOptions withWorkGroups(int groups) {
        return new TornadoOptions(weightStorage, cacheStorage, capacity, prefillChunk, lightningChunk, groups);
    }

    public TornadoOptions withPrefillChunk(int tokens) {
        return new TornadoOptions(weightStorage, cacheStorage, capacity, tokens, lightningChunk, workGroups);
    }
}
