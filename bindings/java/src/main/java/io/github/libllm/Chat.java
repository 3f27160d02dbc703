// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/** The chat template of a model, ready to render messages. */
public final class Chat extends Handle {
    Chat(State state) {
        super(state);
    }

    /**
     * Compile the chat template of a model.
     *
     * <p>Threads: concurrent(model).
     *
     * @param model the model
     * @param options null for the defaults
     * @return the object, which the caller closes
     * @throws LibllmException NO_TEMPLATE, TEMPLATE, LIMIT, OUT_OF_MEMORY.
     */
    public static Chat create(Model model, ChatOptions options) {
        try (Call call = new Call()) {
            long cModel = call.use(model, Mode.SHARED, "model");
            long cOptions = options == null ? 0 : options.build(call);
            Pointer cChat = call.memory(8);
            int status = Ffi.libllm_chat_create(cModel, cOptions, Pointer.nativeValue(cChat), call.error());
            Chat made = call.adopt(cChat, Ffi::libllm_chat_free, Chat::new);
            call.check(status);
            return made;
        }
    }

    /**
     * Compile the chat template of a model. What is left out has its default.
     *
     * <p>Threads: concurrent(model).
     *
     * @param model the model
     * @return the object, which the caller closes
     * @throws LibllmException NO_TEMPLATE, TEMPLATE, LIMIT, OUT_OF_MEMORY.
     */
    public static Chat create(Model model) {
        return create(model, null);
    }

    /**
     * Render a conversation to the text that the model reads. The request is JSON as in OpenAI's API:
     * {"messages":[{"role","content",...}], "tools":[...], "add_generation_prompt":true, ...}; an array stands for its
     * messages alone. Further members, and those of "chat_template_kwargs", are variables of the template.
     * add_generation_prompt is true unless given. "continue_final_message":true goes on with the last message instead,
     * with its content or with the member that is named in place of true. "tool_choice":"none" leaves the tools out.
     *
     * <p>"reasoning" says what becomes of what the model thinks aloud: "show" (the default) hands it out, "hide" does
     * not, and "off" keeps the model from it, by a variable of the template (enable_thinking, thinking, skip_thinking,
     * thinking_budget) or else by closing or leaving empty the place for it in the prompt. "reasoning_effort":"none"
     * and "reasoning":{"effort":"none"} are the same as "off"; other efforts are the template's variable
     * reasoning_effort.
     *
     * <p>Messages are put into the shape that the template is written for: members that are null are left out,
     * reasoning is found under "reasoning_content", "thinking" and "reasoning", arguments of tool calls may be text or
     * objects, parts of a content are joined by line feeds where the template takes text only, a refusal of the
     * assistant is its text, and "developer" is "system" where the template does not know that role. A part that is no
     * text (an image, audio, video, a file) is refused by name and place.
     *
     * <p>Threads: concurrent(chat).
     *
     * @param request UTF-8 JSON
     * @return the text
     * @throws LibllmException INVALID_ARGUMENT, JSON, TEMPLATE, LIMIT, BUFFER_TOO_SMALL, UNSUPPORTED (a part of a
     * content that is no text), OUT_OF_MEMORY.
     */
    public String render(String request) {
        try (Call call = new Call()) {
            long cChat = call.use(this, Mode.SHARED, "chat");
            Call.Slice cRequest = call.text(request, "request");
            return call.sizedText(4096 + cRequest.count(),
                (out, capacity, needed) -> Ffi.libllm_chat_render(cChat, cRequest.address(), cRequest.count(), out,
                    capacity, needed, call.error()));
        }
    }

    /**
     * Render a conversation and turn it into tokens. Control tokens come from the template alone: text of messages
     * never becomes one.
     *
     * <p>Threads: concurrent(chat).
     *
     * @param request as for libllm_chat_render()
     * @return the ids
     * @throws LibllmException INVALID_ARGUMENT, JSON, TEMPLATE, LIMIT, BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
     */
    public int[] tokenize(String request) {
        try (Call call = new Call()) {
            long cChat = call.use(this, Mode.SHARED, "chat");
            Call.Slice cRequest = call.text(request, "request");
            return call.sizedInts(256 + cRequest.count(),
                (out, capacity, needed) -> Ffi.libllm_chat_tokenize(cChat, cRequest.address(), cRequest.count(), out,
                    capacity, needed, call.error()));
        }
    }

    /**
     * Make a conversation fit into a context by the policy that the caller chooses, and say what that cost. A turn is a
     * message of the user, or several in a row, with all that is said until the user speaks again; what stands before
     * the first is a turn, too. System and developer messages, and the last turn, always stay.
     *
     * <p>The report is JSON: {"tokens": of the request that fits, "budget": what it may have, "turns": how many there
     * are, "dropped_turns": how many of them are left out, "dropped": [indices of their messages], "next": [those of
     * the turn that would go next], "messages": [{"index", "turn": from 1, or 0 for none, "tokens": of its text alone,
     * without what the template puts around it, "kept"}], "request": what fits, in the form that was given}.
     *
     * <p>To summarize, call twice: what the first call drops, with n_reserved raised by the room of a summary, goes to
     * whatever writes one; the second call has it as `summary`, and "dropped_turns" as n_dropped_turns. It is put in
     * front of the first message of the user that stays, a line between them: no template objects to that, and what
     * users said gains no authority of a system message. Later calls of the same conversation repeat both until more
     * has to go.
     *
     * <p>Threads: concurrent(chat).
     *
     * @param request as for libllm_chat_render()
     * @param options the room there is, and the policy
     * @return the report
     * @throws LibllmException those of libllm_chat_tokenize(); CONTEXT_FULL where the policy does not make it fit.
     */
    public String fit(String request, FitOptions options) {
        try (Call call = new Call()) {
            long cChat = call.use(this, Mode.SHARED, "chat");
            Call.Slice cRequest = call.text(request, "request");
            long cOptions = options == null ? 0 : options.build(call);
            return call.sizedText(4096 + cRequest.count(),
                (out, capacity, needed) -> Ffi.libllm_chat_fit(cChat, cRequest.address(), cRequest.count(), cOptions,
                    out, capacity, needed, call.error()));
        }
    }

    /**
     * Start an answer to a conversation: libllm_chat_tokenize() followed by libllm_stream_create(). What the session
     * shares with the conversation from the start is not computed again. The items of the stream say by their kind what
     * is text, reasoning, and a call of a tool; the markers between them are those of the template's family and are not
     * part of any. Calls are looked for when the request has tools. One that cannot be read comes out as text, with a
     * remark.
     *
     * <p>What the request says about the answer is kept as a constraint is, after the reasoning, and an error where it
     * cannot be: "tools": the name and arguments of a call are a tool's, and valid under the schema of its parameters,
     * whose objects have no members but those that they name unless "additionalProperties" says otherwise.
     * "tool_choice": "auto" leaves it to the model whether to call one, "required" or
     * {"type":"function","function":{"name"}} does not, "none" lets it have none;
     * {"type":"allowed_tools","allowed_tools":{"mode":"auto" or "required","tools":[...]}} is the same for some of the
     * tools. "parallel_tool_calls":false allows one call at most. "response_format" says what the text is:
     * {"type":"json_object"}, {"type":"json_schema","schema"} (or the schema within "json_schema"), and with the texts
     * of the other kinds of constraints {"type":"grammar","grammar"}, {"type":"regex","regex"},
     * {"type":"choice","choice"}; with tools a call may come in its place. A constraint in the options holds for all
     * that the model writes, reasoning and markers too; the request must ask for nothing then.
     *
     * <p>Threads: concurrent(chat), exclusive(session).
     *
     * @param session a session of the same model; in use by the stream until that is freed
     * @param request as for libllm_chat_render()
     * @param options null for the defaults
     * @return the object, which the caller closes
     * @throws LibllmException those of libllm_chat_tokenize(), libllm_stream_create() and libllm_constraint_create();
     * UNSUPPORTED for a model with an encoder and a decoder.
     */
    public LlmStream stream(Session session, String request, StreamOptions options) {
        try (Call call = new Call()) {
            long cChat = call.use(this, Mode.SHARED, "chat");
            long cSession = call.use(session, Mode.EXCLUSIVE, "session");
            Call.Slice cRequest = call.text(request, "request");
            long cOptions = options == null ? 0 : options.build(call);
            Pointer cStream = call.memory(8);
            int status = Ffi.libllm_chat_stream(cChat, cSession, cRequest.address(), cRequest.count(), cOptions,
                Pointer.nativeValue(cStream), call.error());
            LlmStream made = call.adopt(cStream, Ffi::libllm_stream_free, LlmStream::new);
            call.check(status);
            return made;
        }
    }

    /**
     * Start an answer to a conversation: libllm_chat_tokenize() followed by libllm_stream_create(). What is left out
     * has its default.
     *
     * <p>Threads: concurrent(chat), exclusive(session).
     *
     * @param session a session of the same model; in use by the stream until that is freed
     * @param request as for libllm_chat_render()
     * @return the object, which the caller closes
     * @throws LibllmException those of libllm_chat_tokenize(), libllm_stream_create() and libllm_constraint_create();
     * UNSUPPORTED for a model with an encoder and a decoder.
     */
    public LlmStream stream(Session session, String request) {
        return stream(session, request, null);
    }
}
