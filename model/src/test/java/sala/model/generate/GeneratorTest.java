package sala.model.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sala.loader.tokenizer.Tokenizer;
import sala.model.ContextLengthException;
import sala.model.ForwardPass;
import sala.model.Session;
import sala.model.SessionOptions;
import sala.model.TestingForwardPass;

final class GeneratorTest {
    private static final int VOCAB_SIZE = 12;
    /** Token 0 begins, token 1 ends, 10 and 11 are the halves of one character. */
    private static final Tokenizer WORDS = new TestingTokenizer(
            Set.of(0, 1), "<s>", "</s>", "a", "b", "ST", "OP", " ", "end", "c", "\n", "\ud83d", "\ude00");

    private static final int[] PROMPT = {0, 2, 3, 4, 5, 6};

    private static GenerationOptions.Builder upTo(int maxTokens) {
        return GenerationOptions.builder().maxTokens(maxTokens);
    }

    private static Session session(ForwardPass forwardPass) {
        return forwardPass.newSession(SessionOptions.ofContextLength(100));
    }

    /** Follows a generation as one line of events. */
    private static final class Log implements GenerationListener {
        private final List<String> events = new ArrayList<>();

        @Override
        public void prefill(int ingested, int total) {
            events.add("prefill %d/%d".formatted(ingested, total));
        }

        @Override
        public void token(int token) {
            events.add(String.valueOf(token));
        }

        @Override
        public void text(String piece) {
            assertFalse(piece.isEmpty());
            events.add("'" + piece + "'");
        }
    }

    private static GenerationResult say(GenerationOptions options, Log log, int... script) {
        ForwardPass pass = TestingForwardPass.saying(VOCAB_SIZE, PROMPT.length, script);
        return new Generator(pass, Optional.of(WORDS))
                .generate(session(pass), PROMPT, options, log, new CancellationToken());
    }

    @Test
    void streamsTokensAndTextUpToTheMaximum() {
        Log log = new Log();
        GenerationResult result = say(upTo(3).build(), log, 2, 3, 8, 2);
        assertEquals(List.of("prefill 4/6", "prefill 6/6", "2", "'a'", "3", "'b'", "8", "'c'"), log.events);
        assertArrayEquals(new int[] {2, 3, 8}, result.tokens());
        assertEquals("abc", result.text());
        assertEquals(StopReason.MAX_TOKENS, result.stopReason());
        assertEquals(6, result.stats().promptTokens());
        assertEquals(3, result.stats().generatedTokens());
    }

    @Test
    void endsAtTheEndOfSequenceWhichHasNoText() {
        GenerationResult result = say(upTo(9).build(), new Log(), 2, 1, 3);
        assertArrayEquals(new int[] {2, 1}, result.tokens());
        assertEquals("a", result.text());
        assertEquals(StopReason.STOP_TOKEN, result.stopReason());
    }

    @Test
    void aStopTokenAtTheMaximumIsAStopToken() {
        assertEquals(
                StopReason.STOP_TOKEN, say(upTo(2).build(), new Log(), 2, 1).stopReason());
    }

    @Test
    void stopTokensComeBesideTheEndOfSequence() {
        GenerationOptions options = upTo(9).stopTokens(Set.of(3, 9999)).build();
        assertArrayEquals(new int[] {2, 3}, say(options, new Log(), 2, 3, 2, 1).tokens());
        assertArrayEquals(new int[] {2, 1}, say(options, new Log(), 2, 1, 2, 3).tokens());
        GenerationOptions ignoring = options.toBuilder().ignoreEos(true).build();
        GenerationResult result = say(ignoring, new Log(), 2, 1, 2, 3);
        assertArrayEquals(new int[] {2, 1, 2, 3}, result.tokens());
        assertEquals("aa", result.text());
    }

    @Test
    void stopStringMaySpanTokensAndIsNeverShown() {
        Log log = new Log();
        GenerationResult result = say(upTo(9).stopStrings(List.of("STOP")).build(), log, 2, 4, 5, 3);
        assertEquals("a", result.text());
        assertEquals(StopReason.STOP_STRING, result.stopReason());
        assertEquals(List.of("2", "'a'", "4", "5"), log.events.subList(2, log.events.size()));
        assertArrayEquals(new int[] {2, 4, 5}, result.tokens());
    }

    @Test
    void textHeldBackForAStopStringComesInTheEnd() {
        Log log = new Log();
        assertEquals(
                "aST",
                say(upTo(2).stopStrings(List.of("STOP")).build(), log, 2, 4).text());
        assertEquals(List.of("2", "'a'", "4", "'ST'"), log.events.subList(2, log.events.size()));
        assertEquals(
                "ST",
                say(upTo(9).stopStrings(List.of("STOP")).build(), new Log(), 4, 1)
                        .text());
        assertEquals(
                "STab",
                say(upTo(3).stopStrings(List.of("STOP")).build(), new Log(), 4, 2, 3)
                        .text());
    }

    @Test
    void stopStringInsideOneTokenCutsIt() {
        GenerationResult result = say(upTo(9).stopStrings(List.of("n")).build(), new Log(), 2, 7, 3);
        assertEquals("ae", result.text());
        assertEquals(StopReason.STOP_STRING, result.stopReason());
    }

    @Test
    void halfACharacterWaitsForTheOther() {
        Log log = new Log();
        say(upTo(3).build(), log, 10, 11, 2);
        assertEquals(List.of("10", "11", "'\ud83d\ude00'", "2", "'a'"), log.events.subList(2, log.events.size()));
        assertEquals("a\ufffd", say(upTo(2).build(), new Log(), 2, 10).text());
        GenerationResult stopped = say(upTo(2).stopStrings(List.of("\ufffd")).build(), new Log(), 2, 10);
        assertEquals("a", stopped.text());
        assertEquals(StopReason.STOP_STRING, stopped.stopReason());
    }

    @Test
    void withoutTokenizerThereAreTokensOnly() {
        ForwardPass pass = TestingForwardPass.saying(VOCAB_SIZE, 1, 2, 3, 1);
        Generator generator = new Generator(pass, Optional.empty());
        GenerationResult result = generator.generate(session(pass), new int[] {0}, upTo(9).build());
        assertArrayEquals(new int[] {2, 3, 1}, result.tokens());
        assertEquals("", result.text());
        GenerationOptions options = upTo(9).stopStrings(List.of("x")).build();
        String message = assertThrows(
                        IllegalArgumentException.class, () -> generator.generate(session(pass), new int[] {0}, options))
                .getMessage();
        assertEquals("stopStrings [x] need a tokenizer, found none: use stopTokens", message);
    }

    @Test
    void tooLongAPromptIsRefusedBeforeAnythingIsComputed() {
        TestingForwardPass pass = TestingForwardPass.hashing(VOCAB_SIZE);
        Session session = pass.newSession(SessionOptions.ofContextLength(8));
        Generator generator = new Generator(pass, Optional.empty());
        generator.generate(session, new int[] {2, 3, 4}, upTo(0).build());
        assertThrows(ContextLengthException.class, () -> generator.generate(session, PROMPT, upTo(1).build()));
        assertEquals(3, session.position());
        assertEquals(3, pass.ingestedTokens());
    }

    @Test
    void wrongTokensAreRefusedBeforeAnythingIsComputed() {
        TestingForwardPass pass = TestingForwardPass.hashing(VOCAB_SIZE);
        Generator generator = new Generator(pass, Optional.empty());
        for (int wrong : new int[] {-1, VOCAB_SIZE}) {
            assertEquals(
                    "prompt token 1: expected an id in [0, 12), found " + wrong,
                    assertThrows(
                                    IllegalArgumentException.class,
                                    () -> generator.generate(session(pass), new int[] {2, wrong}, upTo(1).build()))
                            .getMessage());
        }
        assertThrows(
                IllegalArgumentException.class, () -> generator.generate(session(pass), new int[0], upTo(1).build()));
        assertEquals(0, pass.ingestedTokens());
    }

    @Test
    void endsWhenTheContextIsFull() {
        TestingForwardPass pass = TestingForwardPass.saying(VOCAB_SIZE, PROMPT.length, 2, 3, 8, 2);
        Session session = pass.newSession(SessionOptions.ofContextLength(PROMPT.length + 2));
        Generator generator = new Generator(pass, Optional.of(WORDS));
        GenerationResult result = generator.generate(session, PROMPT, upTo(100).build());
        assertEquals(StopReason.CONTEXT_FULL, result.stopReason());
        assertEquals("abc", result.text()); // the token that finds no room is sampled all the same
        assertEquals(8, session.position());
        GenerationResult exact = generator.generate(
                pass.newSession(SessionOptions.ofContextLength(PROMPT.length)), PROMPT, upTo(1).build());
        assertEquals(StopReason.MAX_TOKENS, exact.stopReason());
    }

    @Test
    void zeroTokensIngestThePromptOnly() {
        TestingForwardPass pass = TestingForwardPass.hashing(VOCAB_SIZE);
        Session session = session(pass);
        GenerationResult result = new Generator(pass, Optional.empty()).generate(session, PROMPT, upTo(0).build());
        assertEquals(StopReason.MAX_TOKENS, result.stopReason());
        assertEquals(0, result.tokens().length);
        assertEquals(0, result.stats().timeToFirstTokenNanos());
        assertArrayEquals(PROMPT, TestingForwardPass.tokens(session));
    }

    /** The contract of {@link Generator}: all but the last token are in the session, whatever ended it. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 20})
    void goingOnWithTheLastTokenEqualsNotStopping(int firstPart) {
        TestingForwardPass pass = TestingForwardPass.hashing(VOCAB_SIZE);
        GenerationOptions options = upTo(21).ignoreEos(true).build();
        Generator generator = new Generator(pass, Optional.empty());
        int[] whole = generator.generate(session(pass), PROMPT, options).tokens();

        Session session = session(pass);
        int[] first = generator
                .generate(
                        session,
                        PROMPT,
                        options.toBuilder().maxTokens(firstPart).build())
                .tokens();
        assertEquals(PROMPT.length + firstPart - 1, session.position());
        assertArrayEquals(
                IntStream.concat(Arrays.stream(PROMPT), Arrays.stream(first, 0, firstPart - 1))
                        .toArray(),
                TestingForwardPass.tokens(session));
        int[] second = generator
                .generate(
                        session,
                        new int[] {first[firstPart - 1]},
                        options.toBuilder().maxTokens(21 - firstPart).build())
                .tokens();
        assertArrayEquals(
                whole,
                IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray());
    }

    @Test
    void anEmptyPromptSamplesFromWhatTheSessionHolds() {
        TestingForwardPass pass = TestingForwardPass.hashing(VOCAB_SIZE);
        Generator generator = new Generator(pass, Optional.empty());
        GenerationOptions options = upTo(5).ignoreEos(true).build();
        int[] expected = generator.generate(session(pass), PROMPT, options).tokens();
        Session session = session(pass);
        generator.generate(session, PROMPT, upTo(0).build());
        GenerationResult result = generator.generate(session, new int[0], options);
        assertArrayEquals(expected, result.tokens());
        assertEquals(0, result.stats().promptTokens());
    }

    @Test
    void sameSeedSameTokensAndADrawnSeedIsReported() {
        TestingForwardPass pass = TestingForwardPass.hashing(VOCAB_SIZE);
        Generator generator = new Generator(pass, Optional.empty());
        GenerationOptions options = upTo(40).temperature(1.5).ignoreEos(true).build();
        GenerationResult drawn = generator.generate(session(pass), PROMPT, options);
        GenerationResult repeated = generator.generate(
                session(pass),
                PROMPT,
                options.toBuilder().seed(drawn.stats().seed()).build());
        assertArrayEquals(drawn.tokens(), repeated.tokens());
        assertEquals(drawn.stats().seed(), repeated.stats().seed());
        GenerationResult other = generator.generate(session(pass), PROMPT, options);
        assertFalse(drawn.stats().seed() == other.stats().seed());
        assertFalse(Arrays.equals(drawn.tokens(), other.tokens()));
    }

    @Test
    void penaltiesCountThePromptAndTheAnswer() {
        // The same token is the likeliest for ever.
        ForwardPass pass = TestingForwardPass.saying(VOCAB_SIZE, 2, 5);
        Generator generator = new Generator(pass, Optional.empty());
        GenerationOptions presence = upTo(3).presencePenalty(20).build();
        assertArrayEquals(
                new int[] {5, 0, 1},
                generator.generate(session(pass), new int[] {0, 5}, presence).tokens());
        GenerationOptions repetition =
                upTo(1).repetitionPenalty(100).logitBias(Map.of(7, 5.0)).build();
        assertArrayEquals(
                new int[] {7},
                generator.generate(session(pass), new int[] {0, 5}, repetition).tokens());
        assertArrayEquals(
                new int[] {5},
                generator.generate(session(pass), new int[] {0, 2}, repetition).tokens());
    }

    @Test
    void cancellationFromAnotherThreadStopsThePrefillAndLeavesTheSessionUsable() throws InterruptedException {
        TestingForwardPass pass = TestingForwardPass.hashing(VOCAB_SIZE);
        Session session = session(pass);
        CancellationToken cancellation = new CancellationToken();
        CountDownLatch firstChunk = new CountDownLatch(1);
        CountDownLatch cancelled = new CountDownLatch(1);
        Thread canceller = Thread.ofPlatform().start(() -> {
            awaitQuietly(firstChunk);
            cancellation.cancel();
            cancelled.countDown();
        });
        Generator generator = new Generator(pass, Optional.of(WORDS));
        GenerationListener waiting = new GenerationListener() {
            @Override
            public void prefill(int ingested, int total) {
                firstChunk.countDown();
                awaitQuietly(cancelled);
            }
        };
        GenerationResult result = generator.generate(session, PROMPT, upTo(5).build(), waiting, cancellation);
        canceller.join();
        assertEquals(StopReason.CANCELLED, result.stopReason());
        assertEquals(0, result.tokens().length);
        assertEquals(4, result.stats().promptTokens());
        assertArrayEquals(Arrays.copyOf(PROMPT, 4), TestingForwardPass.tokens(session));

        int[] rest = Arrays.copyOfRange(PROMPT, 4, PROMPT.length);
        GenerationOptions options = upTo(5).ignoreEos(true).build();
        assertArrayEquals(
                generator.generate(session(pass), PROMPT, options).tokens(),
                generator.generate(session, rest, options).tokens());
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void cancellationBetweenTokensKeepsWhatWasSaid() {
        TestingForwardPass pass = TestingForwardPass.saying(VOCAB_SIZE, PROMPT.length, 2, 3, 4, 5);
        Session session = session(pass);
        CancellationToken cancellation = new CancellationToken();
        GenerationListener cancelling = new GenerationListener() {
            @Override
            public void token(int token) {
                if (token == 4) {
                    cancellation.cancel();
                }
            }
        };
        GenerationOptions options = upTo(9).stopStrings(List.of("STOP")).build();
        GenerationResult result =
                new Generator(pass, Optional.of(WORDS)).generate(session, PROMPT, options, cancelling, cancellation);
        assertEquals(StopReason.CANCELLED, result.stopReason());
        assertEquals("abST", result.text());
        assertEquals(PROMPT.length + 2, session.position());
    }

    @Test
    void aCancelledTokenComputesNothing() {
        TestingForwardPass pass = TestingForwardPass.hashing(VOCAB_SIZE);
        CancellationToken cancellation = new CancellationToken();
        cancellation.cancel();
        GenerationResult result = new Generator(pass, Optional.empty())
                .generate(session(pass), PROMPT, upTo(5).build(), GenerationListener.NONE, cancellation);
        assertEquals(StopReason.CANCELLED, result.stopReason());
        assertEquals(0, pass.ingestedTokens());
    }

    @Test
    void cancellationDuringTheLastChunkStillHasTheWholePrompt() {
        TestingForwardPass pass = TestingForwardPass.hashing(VOCAB_SIZE);
        Session session = session(pass);
        CancellationToken cancellation = new CancellationToken();
        GenerationListener cancelling = new GenerationListener() {
            @Override
            public void prefill(int ingested, int total) {
                if (ingested == total) {
                    cancellation.cancel();
                }
            }
        };
        GenerationResult result = new Generator(pass, Optional.empty())
                .generate(session, PROMPT, upTo(5).build(), cancelling, cancellation);
        assertEquals(StopReason.CANCELLED, result.stopReason());
        assertEquals(0, result.tokens().length);
        assertArrayEquals(PROMPT, TestingForwardPass.tokens(session));
    }

    @Test
    void anExceptionOfTheListenerReachesTheCaller() {
        TestingForwardPass pass = TestingForwardPass.hashing(VOCAB_SIZE);
        CancellationException own = new CancellationException("the listener's own");
        GenerationListener failing = new GenerationListener() {
            @Override
            public void prefill(int ingested, int total) {
                throw own;
            }
        };
        assertSame(
                own,
                assertThrows(
                        CancellationException.class,
                        () -> new Generator(pass, Optional.empty())
                                .generate(session(pass), PROMPT, upTo(1).build(), failing, new CancellationToken())));
    }

    @Test
    void ratesAreTokensOverTime() {
        GenerationStats stats = new GenerationStats(100, 11, 2_000_000_000L, 2_100_000_000L, 500_000_000L, 42);
        assertEquals(50, stats.prefillTokensPerSecond());
        assertEquals(20, stats.decodeTokensPerSecond()); // the first token belongs to the prefill
        GenerationStats nothing = new GenerationStats(0, 0, 0, 0, 0, 42);
        assertEquals(0, nothing.prefillTokensPerSecond());
        assertEquals(0, nothing.decodeTokensPerSecond());
        assertTrue(say(upTo(3).build(), new Log(), 2).stats().timeToFirstTokenNanos() > 0);
    }
}
