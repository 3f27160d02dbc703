/* SPDX-License-Identifier: MIT
 * The names of characters, one table. Each text has names and characters in turn; a name may come twice, a character
 * that has several has the class of the first.
 */
#include "math/symbols.h"

static const struct {
    LgMathClass class;
    gboolean is_big, has_limits;
    const char *names;
} groups[] = {
    {LG_MATH_ORD, FALSE, FALSE,
     "alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ varkappa ϰ "
     "lambda λ mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi ϕ varphi φ "
     "chi χ psi ψ omega ω digamma ϝ Alpha Α Beta Β Gamma Γ Delta Δ Epsilon Ε Zeta Ζ Eta Η Theta Θ Iota Ι Kappa Κ "
     "Lambda Λ Mu Μ Nu Ν Xi Ξ Omicron Ο Pi Π Rho Ρ Sigma Σ Tau Τ Upsilon Υ Phi Φ Chi Χ Psi Ψ Omega Ω varGamma 𝛤 "
     "varDelta 𝛥 varTheta 𝛩 varLambda 𝛬 varXi 𝛯 varPi 𝛱 varSigma 𝛴 varUpsilon 𝛶 varPhi 𝛷 varPsi 𝛹 varOmega 𝛺 "
     "partial ∂ nabla ∇ infty ∞ aleph ℵ beth ℶ gimel ℷ daleth ℸ hbar ℏ hslash ℏ ell ℓ wp ℘ Re ℜ Im ℑ imath 𝚤 jmath 𝚥 "
     "forall ∀ exists ∃ nexists ∄ emptyset ∅ varnothing ⌀ neg ¬ lnot ¬ top ⊤ bot ⊥ angle ∠ measuredangle ∡ "
     "sphericalangle ∢ triangle △ vartriangle △ triangledown ▽ blacktriangle ▲ blacktriangledown ▼ square □ Box □ "
     "blacksquare ■ qedsymbol □ lozenge ◊ Diamond ◇ blacklozenge ⧫ diamondsuit ♢ heartsuit ♡ clubsuit ♣ spadesuit ♠ "
     "flat ♭ natural ♮ sharp ♯ prime ′ backprime ‵ dprime ″ backslash \\ Bbbk 𝕜 complement ∁ mho ℧ eth ð Finv Ⅎ "
     "Game ⅁ surd √ checkmark ✓ maltese ✠ dag † ddag ‡ S § P ¶ pounds £ euro € yen ¥ copyright © circledR ® circledS Ⓢ "
     "degree ° textdegree ° ldots … dots … dotsc … vdots ⋮ cdots ⋯ dotsb ⋯ dotsm ⋯ dotsi ⋯ dotso … ddots ⋱ "
     "iddots ⋰ mathellipsis … textellipsis … hdots … Vert ‖ vert | | ‖ % % # # & & $ $ _ _ lbrack [ rbrack ] "
     "AA Å aa å ae æ AE Æ oe œ OE Œ ss ß o ø O Ø i ı j ȷ bigstar ★ diagup ╱ diagdown ╲ "
     "N ℕ R ℝ Z ℤ C ℂ Q ℚ reals ℝ natnums ℕ Reals ℝ cnums ℂ Complex ℂ QED ∎ "
     "textbackslash \\ textasciitilde ~ textasciicircum ^ textunderscore _ mathdollar $ textdollar $ textbar | "
     "textless < textgreater > textbullet • textperiodcentered · slash / sun ☉ astrosun ☉ earth ♁ "
     "bullseye ◎ blacktriangleup ▲ Earth ♁ female ♀ male ♂"},
    {LG_MATH_BIN, FALSE, FALSE,
     "pm ± mp ∓ star ⋆ times × div ÷ cdot ⋅ cdotp · centerdot ⋅ ast ∗ asterisk ∗ circ ∘ bullet ∙ cap ∩ cup ∪ Cap ⋒ Cup "
     "⋓ "
     "doublecap ⋒ doublecup ⋓ uplus ⊎ sqcap ⊓ sqcup ⊔ vee ∨ lor ∨ wedge ∧ land ∧ veebar ⊻ barwedge ⊼ doublebarwedge ⩞ "
     "setminus ∖ smallsetminus ∖ wr ≀ diamond ⋄ bigtriangleup △ bigtriangledown ▽ triangleleft ◁ triangleright ▷ lhd ⊲ "
     "rhd ⊳ unlhd ⊴ unrhd ⊵ oplus ⊕ ominus ⊖ otimes ⊗ oslash ⊘ odot ⊙ circledast ⊛ circledcirc ⊚ circleddash ⊝ "
     "boxplus ⊞ boxminus ⊟ boxtimes ⊠ boxdot ⊡ bigcirc ◯ amalg ⨿ dagger † ddagger ‡ ltimes ⋉ rtimes ⋊ "
     "leftthreetimes ⋋ rightthreetimes ⋌ curlyvee ⋎ curlywedge ⋏ dotplus ∔ divideontimes ⋇ intercal ⊺ gtrdot ⋗ "
     "lessdot ⋖ minus − plus + xor ⊻ intprod ⨼ nand ⊼ nor ⊽ fatsemi ⨟ bmp ∓"},
    {LG_MATH_REL, FALSE, FALSE,
     "leq ≤ le ≤ geq ≥ ge ≥ neq ≠ ne ≠ lt < gt > ll ≪ gg ≫ lll ⋘ ggg ⋙ llless ⋘ gggtr ⋙ leqq ≦ geqq ≧ leqslant ⩽ "
     "geqslant ⩾ eqslantless ⪕ eqslantgtr ⪖ lesssim ≲ gtrsim ≳ lessapprox ⪅ gtrapprox ⪆ lessgtr ≶ gtrless ≷ lesseqgtr "
     "⋚ "
     "gtreqless ⋛ lesseqqgtr ⪋ gtreqqless ⪌ equiv ≡ sim ∼ thicksim ∼ simeq ≃ approx ≈ thickapprox ≈ approxeq ≊ cong ≅ "
     "ncong ≇ doteq ≐ doteqdot ≑ Doteq ≑ risingdotseq ≓ fallingdotseq ≒ circeq ≗ eqcirc ≖ triangleq ≜ bumpeq ≏ Bumpeq "
     "≎ "
     "propto ∝ varpropto ∝ asymp ≍ prec ≺ succ ≻ preceq ⪯ succeq ⪰ preccurlyeq ≼ succcurlyeq ≽ curlyeqprec ⋞ "
     "curlyeqsucc ⋟ precsim ≾ succsim ≿ precapprox ⪷ succapprox ⪸ precnsim ⋨ succnsim ⋩ precneqq ⪵ succneqq ⪶ "
     "subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇ subsetneq ⊊ supsetneq ⊋ varsubsetneq ⊊ varsupsetneq ⊋ nsubseteq ⊈ "
     "nsupseteq ⊉ subseteqq ⫅ supseteqq ⫆ subsetneqq ⫋ supsetneqq ⫌ Subset ⋐ Supset ⋑ sqsubset ⊏ sqsupset ⊐ "
     "sqsubseteq ⊑ sqsupseteq ⊒ in ∈ ni ∋ owns ∋ notin ∉ notni ∌ isin ∈ vdash ⊢ dashv ⊣ models ⊨ vDash ⊨ Vdash ⊩ "
     "Vvdash ⊪ nvdash ⊬ nvDash ⊭ nVdash ⊮ nVDash ⊯ mid ∣ nmid ∤ shortmid ∣ nshortmid ∤ parallel ∥ nparallel ∦ "
     "shortparallel ∥ perp ⟂ bowtie ⋈ Join ⋈ smile ⌣ frown ⌢ smallsmile ⌣ smallfrown ⌢ between ≬ pitchfork ⋔ "
     "backsim ∽ backsimeq ⋍ eqsim ≂ vartriangleleft ⊲ vartriangleright ⊳ trianglelefteq ⊴ trianglerighteq ⊵ "
     "ntriangleleft ⋪ ntriangleright ⋫ ntrianglelefteq ⋬ ntrianglerighteq ⋭ nless ≮ ngtr ≯ nleq ≰ ngeq ≱ nleqslant ≰ "
     "ngeqslant ≱ lneq ⪇ gneq ⪈ lneqq ≨ gneqq ≩ lnsim ⋦ gnsim ⋧ lnapprox ⪉ gnapprox ⪊ nprec ⊀ nsucc ⊁ npreceq ⋠ "
     "nsucceq ⋡ nsim ≁ coloneqq ≔ coloneq ≔ colonequals ≔ eqqcolon ≕ Coloneqq ⩴ vcentcolon ∶ ratio ∶ dblcolon ∷ "
     "multimap ⊸ because ∵ therefore ∴ varhash ⋕ "
     "to → rightarrow → gets ← leftarrow ← leftrightarrow ↔ uparrow ↑ downarrow ↓ updownarrow ↕ Rightarrow ⇒ "
     "Leftarrow ⇐ Leftrightarrow ⇔ Uparrow ⇑ Downarrow ⇓ Updownarrow ⇕ longrightarrow ⟶ longleftarrow ⟵ "
     "longleftrightarrow ⟷ Longrightarrow ⟹ Longleftarrow ⟸ Longleftrightarrow ⟺ implies ⟹ impliedby ⟸ iff ⟺ "
     "mapsto ↦ longmapsto ⟼ mapsfrom ↤ nearrow ↗ searrow ↘ swarrow ↙ nwarrow ↖ hookrightarrow ↪ hookleftarrow ↩ "
     "rightharpoonup ⇀ rightharpoondown ⇁ leftharpoonup ↼ leftharpoondown ↽ rightleftharpoons ⇌ leftrightharpoons ⇋ "
     "upharpoonright ↾ upharpoonleft ↿ downharpoonright ⇂ downharpoonleft ⇃ restriction ↾ leftrightarrows ⇆ "
     "rightleftarrows ⇄ rightrightarrows ⇉ leftleftarrows ⇇ upuparrows ⇈ downdownarrows ⇊ twoheadrightarrow ↠ "
     "twoheadleftarrow ↞ rightarrowtail ↣ leftarrowtail ↢ leadsto ⇝ rightsquigarrow ⇝ leftrightsquigarrow ↭ "
     "dashrightarrow ⇢ dashleftarrow ⇠ curvearrowright ↷ curvearrowleft ↶ circlearrowright ↻ circlearrowleft ↺ "
     "looparrowright ↬ looparrowleft ↫ Lsh ↰ Rsh ↱ nrightarrow ↛ nleftarrow ↚ nleftrightarrow ↮ nRightarrow ⇏ "
     "nLeftarrow ⇍ nLeftrightarrow ⇎ Rrightarrow ⇛ Lleftarrow ⇚ rarr → larr ← harr ↔ rArr ⇒ lArr ⇐ hArr ⇔ Rarr ⇒ "
     "Larr ⇐ Harr ⇔ lrarr ↔ uarr ↑ darr ↓"},
    {LG_MATH_OPEN, FALSE, FALSE,
     "{ { lbrace { langle ⟨ lang ⟨ lceil ⌈ lfloor ⌊ lvert | lVert ‖ lgroup ⟮ lmoustache ⎰ ulcorner ⌜ llcorner ⌞ "
     "llbracket ⟦ lBrack ⟦ lAngle ⟪ lparen ("},
    {LG_MATH_CLOSE, FALSE, FALSE,
     "} } rbrace } rangle ⟩ rang ⟩ rceil ⌉ rfloor ⌋ rvert | rVert ‖ rgroup ⟯ rmoustache ⎱ urcorner ⌝ lrcorner ⌟ "
     "rrbracket ⟧ rBrack ⟧ rAngle ⟫ rparen )"},
    {LG_MATH_PUNCT, FALSE, FALSE, "colon : ldotp . comma ,"},
    {LG_MATH_OP, TRUE, TRUE,
     "sum ∑ prod ∏ coprod ∐ bigcup ⋃ bigcap ⋂ bigvee ⋁ bigwedge ⋀ bigoplus ⨁ bigotimes ⨂ bigodot ⨀ biguplus ⨄ "
     "bigsqcup ⨆ bigsqcap ⨅ bigtimes ⨉"},
    {LG_MATH_OP, TRUE, FALSE,
     "int ∫ iint ∬ iiint ∭ iiiint ⨌ oint ∮ oiint ∯ oiiint ∰ smallint ∫ intop ∫ ointctrclockwise ∳ "
     "varointclockwise ∲ fint ⨏"},
};

static const char functions[] =
    "sin cos tan cot sec csc arcsin arccos arctan arccot arcsec arccsc sinh cosh tanh coth sech csch arsinh arcosh "
    "artanh log ln lg exp deg dim hom ker arg sgn sign erf tr Tr rank diag Var Cov arctg tg ctg cotg sh ch th "
    "cosec softmax ReLU grad curl rot span conv vol";
static const char limit_functions[] = "lim max min sup inf det gcd lcm Pr argmax argmin plim esssup essinf";
static const struct {
    const char *name, *text;
} spaced_functions[] = {{"limsup", "lim sup"},   {"liminf", "lim inf"},    {"injlim", "inj lim"},
                        {"projlim", "proj lim"}, {"varlimsup", "lim sup"}, {"varliminf", "lim inf"}};

static const struct {
    const char *name;
    gunichar code;
    gboolean is_wide;
} accents[] = {
    {"hat", 0x302, FALSE},    {"widehat", 0x302, TRUE},  {"tilde", 0x303, FALSE}, {"widetilde", 0x303, TRUE},
    {"bar", 0x304, FALSE},    {"vec", 0x20d7, FALSE},    {"dot", 0x307, FALSE},   {"ddot", 0x308, FALSE},
    {"dddot", 0x20db, FALSE}, {"ddddot", 0x20dc, FALSE}, {"check", 0x30c, FALSE}, {"widecheck", 0x30c, TRUE},
    {"breve", 0x306, FALSE},  {"acute", 0x301, FALSE},   {"grave", 0x300, FALSE}, {"mathring", 0x30a, FALSE},
    {"Hat", 0x302, FALSE},    {"Bar", 0x304, FALSE},     {"Vec", 0x20d7, FALSE},  {"Tilde", 0x303, FALSE},
    {"Dot", 0x307, FALSE},
};

/* --- Finding ---------------------------------------------------------------------------------------------------------
 */

struct tables {
    GHashTable *names;       /* to LgMathSymbol */
    GHashTable *codes;       /* to the same */
    GHashTable *first_names; /* of codes */
    GHashTable *functions, *limit_functions;
};

static void add_words(GHashTable *table, const char *words)
{
    char **list = g_strsplit(words, " ", -1);
    for (char **word = list; *word; word++)
        g_hash_table_insert(table, *word, *word);
    g_free(list);
}

static void add_symbol(struct tables *tables, const char *name, gunichar code, gsize group)
{
    LgMathSymbol *symbol = g_new(LgMathSymbol, 1);
    *symbol = (LgMathSymbol){code, groups[group].class, groups[group].is_big, groups[group].has_limits};
    g_hash_table_insert(tables->names, g_strdup(name), symbol);
    if (g_hash_table_contains(tables->codes, GUINT_TO_POINTER(code)))
        return;
    g_hash_table_insert(tables->codes, GUINT_TO_POINTER(code), symbol);
    g_hash_table_insert(tables->first_names, GUINT_TO_POINTER(code), g_strdup(name));
}

static gpointer build(gpointer data)
{
    struct tables *tables = g_new0(struct tables, 1);
    tables->names = g_hash_table_new(g_str_hash, g_str_equal);
    tables->codes = g_hash_table_new(NULL, NULL);
    tables->first_names = g_hash_table_new(NULL, NULL);
    tables->functions = g_hash_table_new(g_str_hash, g_str_equal);
    tables->limit_functions = g_hash_table_new(g_str_hash, g_str_equal);
    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++) {
        char **words = g_strsplit(groups[i].names, " ", -1);
        for (gsize j = 0; words[j] && words[j + 1]; j += 2) {
            if (!g_hash_table_contains(tables->names, words[j]))
                add_symbol(tables, words[j], g_utf8_get_char(words[j + 1]), i);
        }
        g_strfreev(words);
    }
    add_words(tables->functions, functions);
    add_words(tables->limit_functions, limit_functions);
    return tables;
}

static const struct tables *tables(void)
{
    static GOnce once = G_ONCE_INIT;
    return g_once(&once, build, NULL);
}

const LgMathSymbol *lg_math_symbol(const char *name) { return g_hash_table_lookup(tables()->names, name); }

const char *lg_math_name(gunichar code) { return g_hash_table_lookup(tables()->first_names, GUINT_TO_POINTER(code)); }

guint lg_math_n_symbols(void) { return g_hash_table_size(tables()->names); }

int lg_math_function(const char *name, const char **text)
{
    for (gsize i = 0; i < G_N_ELEMENTS(spaced_functions); i++) {
        if (strcmp(name, spaced_functions[i].name) == 0) {
            *text = spaced_functions[i].text;
            return 2;
        }
    }
    *text = g_hash_table_lookup(tables()->functions, name);
    if (*text)
        return 1;
    *text = g_hash_table_lookup(tables()->limit_functions, name);
    return *text ? 2 : 0;
}

gunichar lg_math_accent(const char *name, gboolean *is_wide)
{
    for (gsize i = 0; i < G_N_ELEMENTS(accents); i++) {
        if (strcmp(name, accents[i].name) == 0) {
            *is_wide = accents[i].is_wide;
            return accents[i].code;
        }
    }
    return 0;
}

LgMathSymbol lg_math_character(gunichar code)
{
    switch (code) {
    case '-':
        return (LgMathSymbol){0x2212, LG_MATH_BIN};
    case '*':
        return (LgMathSymbol){0x2217, LG_MATH_BIN};
    case '+':
        return (LgMathSymbol){code, LG_MATH_BIN};
    case '=':
    case '<':
    case '>':
    case ':':
        return (LgMathSymbol){code, LG_MATH_REL};
    case '(':
    case '[':
        return (LgMathSymbol){code, LG_MATH_OPEN};
    case ')':
    case ']':
    case '!':
    case '?':
        return (LgMathSymbol){code, LG_MATH_CLOSE};
    case ',':
    case ';':
    case 0xff0c: /* as Chinese writes them */
    case 0x3001:
        return (LgMathSymbol){code, LG_MATH_PUNCT};
    case '/':
    case '|':
        return (LgMathSymbol){code, LG_MATH_ORD};
    default:
        break;
    }
    const LgMathSymbol *known = code < 0x80 ? NULL : g_hash_table_lookup(tables()->codes, GUINT_TO_POINTER(code));
    return known ? *known : (LgMathSymbol){code, LG_MATH_ORD};
}

gunichar lg_math_negated(gunichar code)
{
    static const gunichar pairs[][2] = {
        {'=', 0x2260},    {'<', 0x226e},    {'>', 0x226f},    {0x2208, 0x2209}, {0x220b, 0x220c}, {0x2203, 0x2204},
        {0x2261, 0x2262}, {0x223c, 0x2241}, {0x2243, 0x2244}, {0x2245, 0x2247}, {0x2248, 0x2249}, {0x2264, 0x2270},
        {0x2265, 0x2271}, {0x2282, 0x2284}, {0x2283, 0x2285}, {0x2286, 0x2288}, {0x2287, 0x2289}, {0x2223, 0x2224},
        {0x2225, 0x2226}, {0x22a2, 0x22ac}, {0x22a8, 0x22ad}, {0x2190, 0x219a}, {0x2192, 0x219b}, {0x2194, 0x21ae},
        {0x21d2, 0x21cf}, {0x21d0, 0x21cd}, {0x21d4, 0x21ce}, {0x227a, 0x2280}, {0x227b, 0x2281}};
    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++)
        if (pairs[i][0] == code)
            return pairs[i][1];
    return 0;
}

/* --- Alphabets -------------------------------------------------------------------------------------------------------
 */

/* Where the alphabets begin; 0: there is none. */
static const struct {
    gunichar upper, lower, digits, greek_upper, greek_lower;
} alphabets[] = {
    [LG_ALPHABET_ITALIC] = {0x1d434, 0x1d44e, 0, 0x1d6e2, 0x1d6fc},
    [LG_ALPHABET_BOLD] = {0x1d400, 0x1d41a, 0x1d7ce, 0x1d6a8, 0x1d6c2},
    [LG_ALPHABET_BOLD_ITALIC] = {0x1d468, 0x1d482, 0x1d7ce, 0x1d71c, 0x1d736},
    [LG_ALPHABET_SANS] = {0x1d5a0, 0x1d5ba, 0x1d7e2, 0, 0},
    [LG_ALPHABET_MONOSPACE] = {0x1d670, 0x1d68a, 0x1d7f6, 0, 0},
    [LG_ALPHABET_DOUBLE_STRUCK] = {0x1d538, 0x1d552, 0x1d7d8, 0, 0},
    [LG_ALPHABET_SCRIPT] = {0x1d49c, 0x1d4b6, 0, 0, 0},
    [LG_ALPHABET_FRAKTUR] = {0x1d504, 0x1d51e, 0, 0, 0},
};

/* Letters that were in Unicode before their alphabet came. */
static const gunichar holes[][2] = {
    {0x1d455, 0x210e}, {0x1d49d, 0x212c}, {0x1d4a0, 0x2130}, {0x1d4a1, 0x2131}, {0x1d4a3, 0x210b}, {0x1d4a4, 0x2110},
    {0x1d4a7, 0x2112}, {0x1d4a8, 0x2133}, {0x1d4ad, 0x211b}, {0x1d4ba, 0x212f}, {0x1d4bc, 0x210a}, {0x1d4c4, 0x2134},
    {0x1d506, 0x212d}, {0x1d50b, 0x210c}, {0x1d50c, 0x2111}, {0x1d515, 0x211c}, {0x1d51d, 0x2128}, {0x1d53a, 0x2102},
    {0x1d53f, 0x210d}, {0x1d545, 0x2115}, {0x1d547, 0x2119}, {0x1d548, 0x211a}, {0x1d549, 0x211d}, {0x1d551, 0x2124}};

static gunichar filled(gunichar code)
{
    for (gsize i = 0; i < G_N_ELEMENTS(holes); i++)
        if (holes[i][0] == code)
            return holes[i][1];
    return code;
}

/* Behind omega in each alphabet. */
static const gunichar variants[] = {0x2202, 0x3f5, 0x3d1, 0x3f0, 0x3d5, 0x3f1, 0x3d6};

/* The place of a Greek letter in the lower case of an alphabet, with the variants behind omega; -1: it is none. */
static int greek_lower(gunichar code)
{
    if (code >= 0x3b1 && code <= 0x3c9)
        return (int)(code - 0x3b1);
    for (int i = 0; i < (int)G_N_ELEMENTS(variants); i++)
        if (variants[i] == code)
            return 25 + i;
    return -1;
}

gunichar lg_math_in_alphabet(gunichar code, LgMathAlphabet alphabet)
{
    gboolean is_letter = code < 0x80 && g_ascii_isalpha((char)code), is_digit = code >= '0' && code <= '9';
    gboolean is_greek_upper = (code >= 0x391 && code <= 0x3a9) || code == 0x2207;
    int lower = greek_lower(code);
    if (alphabet == LG_ALPHABET_ROMAN || (!is_letter && !is_digit && !is_greek_upper && lower < 0))
        return code;
    if (alphabet == LG_ALPHABET_NORMAL) { /* as TeX has it: Greek capitals upright */
        if (is_digit || is_greek_upper)
            return code;
        alphabet = LG_ALPHABET_ITALIC;
    }
    if (alphabet == LG_ALPHABET_BOLD_NORMAL)
        alphabet = is_greek_upper ? LG_ALPHABET_BOLD : LG_ALPHABET_BOLD_ITALIC;
    gunichar begin;
    if (is_letter) {
        begin = g_ascii_isupper((char)code) ? alphabets[alphabet].upper : alphabets[alphabet].lower;
        return filled(begin + code - (g_ascii_isupper((char)code) ? 'A' : 'a'));
    }
    if (is_digit)
        return alphabets[alphabet].digits ? alphabets[alphabet].digits + code - '0' : code;
    if (is_greek_upper) {
        begin = alphabets[alphabet].greek_upper;
        return begin ? begin + (code == 0x2207 ? 25 : code - 0x391) : code;
    }
    begin = alphabets[alphabet].greek_lower;
    if (!begin)
        return alphabet == LG_ALPHABET_SANS || alphabet == LG_ALPHABET_MONOSPACE
                   ? code
                   : lg_math_in_alphabet(code, LG_ALPHABET_ITALIC);
    return begin + (gunichar)lower;
}

static gboolean is_from(gunichar code, gunichar begin, gunichar n)
{
    return begin && code >= begin && code - begin < n;
}

gunichar lg_math_plain(gunichar code, LgMathAlphabet *alphabet)
{
    gunichar at = code;
    for (gsize i = 0; i < G_N_ELEMENTS(holes); i++)
        if (holes[i][1] == code)
            at = holes[i][0];
    for (gsize i = 0; i < G_N_ELEMENTS(alphabets); i++) {
        *alphabet = (LgMathAlphabet)i;
        if (is_from(at, alphabets[i].upper, 26))
            return 'A' + at - alphabets[i].upper;
        if (is_from(at, alphabets[i].lower, 26))
            return 'a' + at - alphabets[i].lower;
        if (is_from(at, alphabets[i].digits, 10))
            return '0' + at - alphabets[i].digits;
        if (is_from(at, alphabets[i].greek_upper, 26))
            return at - alphabets[i].greek_upper == 25 ? 0x2207 : 0x391 + at - alphabets[i].greek_upper;
        if (is_from(at, alphabets[i].greek_lower, 25))
            return 0x3b1 + at - alphabets[i].greek_lower;
        if (is_from(at, alphabets[i].greek_lower, 25 + G_N_ELEMENTS(variants)))
            return variants[at - alphabets[i].greek_lower - 25];
    }
    *alphabet = LG_ALPHABET_ROMAN;
    return code;
}
