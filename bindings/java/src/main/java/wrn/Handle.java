// SPDX-License-Identifier: Apache-2.0
package wrn;

import com.sun.jna.Pointer;
import java.lang.ref.Cleaner;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;

/**
 * An object of the library that is freed once: by close, which waits for calls that still use it, or when nothing refers to
 * its owner any more.
 */
final class Handle {
    private static final Cleaner CLEANER = Cleaner.create();

    private final String name;
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private final Cleaner.Cleanable cleanable;
    private Pointer pointer; // null once closed

    /** {@code needed} is kept as long as the object, whose callbacks it holds. */
    Handle(String name, Pointer pointer, Consumer<Pointer> free, Object needed) {
        this.name = name;
        this.pointer = pointer;
        this.cleanable = CLEANER.register(this, new Free(pointer, free, needed));
    }

    private static final class Free implements Runnable {
        private final Pointer pointer;
        private final Consumer<Pointer> free;
        private final Object needed;

        Free(Pointer pointer, Consumer<Pointer> free, Object needed) {
            this.pointer = pointer;
            this.free = free;
            this.needed = needed;
        }

        @Override
        public void run() {
            free.accept(pointer);
            java.lang.ref.Reference.reachabilityFence(needed);
        }
    }

    /** The object for one call; {@link #release} must follow. */
    Pointer acquire() {
        lock.readLock().lock();
        if (pointer != null) return pointer;
        lock.readLock().unlock();
        throw new IllegalStateException("the " + name + " is closed");
    }

    void release() {
        lock.readLock().unlock();
    }

    void close() {
        lock.writeLock().lock();
        try {
            pointer = null;
            cleanable.clean();
        } finally {
            lock.writeLock().unlock();
        }
    }
}
